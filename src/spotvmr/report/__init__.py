"""Reports made from run records alone: tables for the terminal and pictures."""

from spotvmr.report.collect import collect
from spotvmr.report.load import load_records
from spotvmr.report.pareto import pareto_picture
from spotvmr.report.run_picture import run_picture
from spotvmr.report.sections import Terms, sections
from spotvmr.report.summary import train_summary
from spotvmr.report.tables import comparison_table, print_table
from spotvmr.report.timeline import TimelineRow, timeline_picture

__all__ = [
    "Terms",
    "TimelineRow",
    "collect",
    "comparison_table",
    "load_records",
    "pareto_picture",
    "print_table",
    "run_picture",
    "sections",
    "timeline_picture",
    "train_summary",
]
