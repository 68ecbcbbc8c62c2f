"""Draws the frames of the demo."""
