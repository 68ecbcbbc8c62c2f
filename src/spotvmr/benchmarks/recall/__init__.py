"""Recall over budgets: runs, curves and areas."""
