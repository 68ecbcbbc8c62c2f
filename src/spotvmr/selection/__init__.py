"""The spotter and the arms it is compared with: tensors in, mask out."""

from spotvmr.selection.arms import (
    AllClips,
    FixedSelector,
    NoClips,
    oracle_rule,
    random_rule,
    similarity_rule,
    uniform_rule,
)
from spotvmr.selection.budget import clips_allowed, split_over_steps, spread_clips, top_clips
from spotvmr.selection.request import ExpertSource, Selection, SelectionRequest, StoredExpert
from spotvmr.selection.spotter import Spotter, selection_entropy

__all__ = [
    "AllClips",
    "ExpertSource",
    "FixedSelector",
    "NoClips",
    "Selection",
    "SelectionRequest",
    "Spotter",
    "StoredExpert",
    "clips_allowed",
    "oracle_rule",
    "random_rule",
    "selection_entropy",
    "similarity_rule",
    "split_over_steps",
    "spread_clips",
    "top_clips",
    "uniform_rule",
]
