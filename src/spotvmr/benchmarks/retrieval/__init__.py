"""Cost and answers of searching video files."""
