"""The benchmarks' own scores: pure functions of numpy arrays, by each scorer's rules to the last digit."""

from spotvmr.metrics.official.highlights import ANNOTATORS, CLIP_S
from spotvmr.metrics.official.qvhighlights import qvhighlights_scores
from spotvmr.metrics.official.recalls import RECALL_RULES, RecallRule, recall_scores

__all__ = ["ANNOTATORS", "CLIP_S", "RECALL_RULES", "RecallRule", "qvhighlights_scores", "recall_scores"]
