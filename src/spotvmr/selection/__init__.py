"""The spotter and its baselines: tensors in, mask out."""

from spotvmr.selection.baselines import (
    AllClips,
    FixedSelector,
    NoClips,
    oracle_rule,
    random_rule,
    similarity_rule,
    uniform_rule,
)
from spotvmr.selection.budget import clips_allowed, split_over_steps, spread_clips, top_clips
from spotvmr.selection.gumbel import GumbelSpotter
from spotvmr.selection.protocol import BudgetKind, Selector
from spotvmr.selection.request import ExpertSource, Selection, SelectionRequest, SoftBudget, StoredExpert
from spotvmr.selection.spotter import Spotter, selection_entropy

__all__ = [
    "AllClips",
    "BudgetKind",
    "ExpertSource",
    "FixedSelector",
    "GumbelSpotter",
    "NoClips",
    "Selection",
    "SelectionRequest",
    "Selector",
    "SoftBudget",
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
