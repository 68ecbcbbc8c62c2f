"""Evaluation of a trained system on a split: inference, costs, and the record."""
