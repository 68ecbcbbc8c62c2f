"""The dashboard: one self-contained HTML file, made from run records and the files beside them."""

from spotvmr.report.page.write import write_page

__all__ = ["write_page"]
