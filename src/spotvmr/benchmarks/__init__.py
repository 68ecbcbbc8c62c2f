"""Measurements of the framework: recall over budgets, speed, memory, pages in a browser."""
