"""The encoders of the demo data set."""
