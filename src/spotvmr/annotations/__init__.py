"""Readers of the annotation files of each data set."""

from spotvmr.annotations.activitynet import read_activitynet
from spotvmr.annotations.charades import read_charades
from spotvmr.annotations.ego4d_excerpts import read_ego4d_excerpts
from spotvmr.annotations.ego4d_nlq import read_ego4d_nlq
from spotvmr.annotations.holdout import hold_out
from spotvmr.annotations.jsonl import read_jsonl
from spotvmr.annotations.mad import read_mad
from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sniff import sniff
from spotvmr.annotations.tacos import read_tacos
from spotvmr.annotations.videos import fit_to_videos, missing_videos, require_videos

__all__ = [
    "AnnotationReport",
    "AnnotationRow",
    "clean",
    "fit_to_videos",
    "hold_out",
    "missing_videos",
    "read_activitynet",
    "read_charades",
    "read_ego4d_excerpts",
    "read_ego4d_nlq",
    "read_jsonl",
    "read_mad",
    "read_tacos",
    "require_videos",
    "sniff",
]
