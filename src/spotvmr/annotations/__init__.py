"""Annotation files of each data set, read into queries."""

from spotvmr.annotations.jsonl import read_jsonl
from spotvmr.annotations.policies import AnnotationReport, Row, clean
from spotvmr.annotations.videos import missing_videos, require_videos

__all__ = ["AnnotationReport", "Row", "clean", "missing_videos", "read_jsonl", "require_videos"]
