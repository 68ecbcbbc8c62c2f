"""Training of the demo's own encoders. Nothing else in the framework needs it."""
