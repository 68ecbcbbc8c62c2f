"""Builders: configuration to data, encoders, networks and losses with plain arguments."""

from spotvmr.assembly.builders import build_student, build_teacher
from spotvmr.assembly.criterion import SpanCriterion
from spotvmr.assembly.data import Splits, find_videos, load_splits, make_world
from spotvmr.assembly.encoders import build_encoders, build_text
from spotvmr.assembly.system import BudgetedVmr, SystemOutput
from spotvmr.assembly.weights import load_weights, read_identity, save_weights

__all__ = [
    "BudgetedVmr",
    "SpanCriterion",
    "Splits",
    "SystemOutput",
    "build_encoders",
    "build_student",
    "build_teacher",
    "build_text",
    "find_videos",
    "load_splits",
    "load_weights",
    "make_world",
    "read_identity",
    "save_weights",
]
