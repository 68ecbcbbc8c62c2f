"""Builders: configuration to data, encoders, networks and losses with plain arguments."""

from spotvmr.assembly.builders import build_student, build_teacher, code_digests, start_as_teacher
from spotvmr.assembly.criterion import Criterion, build_criterion
from spotvmr.assembly.data import Splits, find_videos, load_splits, make_world
from spotvmr.assembly.derived import DerivedIndex
from spotvmr.assembly.encoders import FeatureSource, build_encoders, build_text, index_path, index_tower
from spotvmr.assembly.encoding import encode_clips, spec_key
from spotvmr.assembly.imported import find_excerpts
from spotvmr.assembly.system import BudgetedVmr, SystemOutput
from spotvmr.assembly.weights import check_encoders, load_weights, read_identity, save_weights
from spotvmr.assembly.zero_shot import build_zero_shot

__all__ = [
    "BudgetedVmr",
    "Criterion",
    "DerivedIndex",
    "FeatureSource",
    "Splits",
    "SystemOutput",
    "build_criterion",
    "build_encoders",
    "build_student",
    "build_teacher",
    "build_text",
    "build_zero_shot",
    "check_encoders",
    "code_digests",
    "encode_clips",
    "find_excerpts",
    "find_videos",
    "index_path",
    "index_tower",
    "load_splits",
    "load_weights",
    "make_world",
    "read_identity",
    "save_weights",
    "spec_key",
    "start_as_teacher",
]
