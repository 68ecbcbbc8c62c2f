"""Haystacks: captioned short clips stitched into long videos with exact moments."""

from spotvmr.haystack.build import build
from spotvmr.haystack.settings import BORDERS, SPLITS, HaystackSettings

__all__ = ["BORDERS", "SPLITS", "HaystackSettings", "build"]
