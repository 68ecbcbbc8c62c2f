"""Features of videos: decoding, encoding, and the stores they fill."""
