"""Budgeted video moment retrieval: spend the expensive encoder only where it pays."""

__version__ = "0.1.0"
