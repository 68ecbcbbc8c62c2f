"""Readers, writers and checks of submission files and their ground truth."""

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
