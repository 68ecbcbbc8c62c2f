"""What was computed about videos, kept for later processes."""
