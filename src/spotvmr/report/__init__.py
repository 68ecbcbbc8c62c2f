"""Reports from run records: tables for the terminal, pictures and the dashboard."""

from spotvmr.report.collect import collect
from spotvmr.report.comparable import Group, differing, groups, why_apart
from spotvmr.report.export import csv_table, latex_table
from spotvmr.report.load import load_records
from spotvmr.report.page import write_page
from spotvmr.report.pictures.contact_sheet import SheetRow, contact_sheet
from spotvmr.report.pictures.pareto import pareto_picture
from spotvmr.report.pictures.run_picture import run_picture
from spotvmr.report.pictures.timeline import TimelineRow, timeline_picture
from spotvmr.report.summary import train_summary
from spotvmr.report.tables import comparison_table, print_table
from spotvmr.report.wording import clock, printable

__all__ = [
    "Group",
    "SheetRow",
    "TimelineRow",
    "clock",
    "collect",
    "comparison_table",
    "contact_sheet",
    "csv_table",
    "differing",
    "groups",
    "latex_table",
    "load_records",
    "pareto_picture",
    "print_table",
    "printable",
    "run_picture",
    "timeline_picture",
    "train_summary",
    "why_apart",
    "write_page",
]
