"""``errands``: a generated data set of long videos in which finding the object is not enough to find the moment."""

from spotvmr.worlds.build import generate
from spotvmr.worlds.settings import VERSION, WorldSettings
from spotvmr.worlds.vocabulary import ACTION_NAMES, ACTIONS, COLOURS, ROOMS, SHAPES, caption

__all__ = [
    "ACTIONS", "ACTION_NAMES", "COLOURS", "ROOMS", "SHAPES", "VERSION", "WorldSettings", "caption", "generate",
]  # fmt: skip
