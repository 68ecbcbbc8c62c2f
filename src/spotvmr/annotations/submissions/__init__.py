"""Submission files and what they are scored against: readers, writers and their checks."""

from spotvmr.annotations.submissions.matching import Matched, match
from spotvmr.annotations.submissions.predictions import SubmittedPrediction, read_submission
from spotvmr.annotations.submissions.truths import Truth, read_truths
from spotvmr.annotations.submissions.writers import check_writable, write_submission

__all__ = [
    "Matched",
    "SubmittedPrediction",
    "Truth",
    "check_writable",
    "match",
    "read_submission",
    "read_truths",
    "write_submission",
]
