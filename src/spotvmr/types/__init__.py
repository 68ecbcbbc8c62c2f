"""Frozen dataclasses that every package may use. Only ``batches`` imports torch."""

from spotvmr.types.grid import ClipGrid
from spotvmr.types.moment import Moment
from spotvmr.types.query import Query

__all__ = ["ClipGrid", "Moment", "Query"]
