"""Frozen dataclasses that every room may use; free of torch but for ``batches``."""

from spotvmr.types.grid import ClipGrid
from spotvmr.types.moment import Moment
from spotvmr.types.query import Query

__all__ = ["ClipGrid", "Moment", "Query"]
