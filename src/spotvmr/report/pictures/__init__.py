"""Pictures made from run records."""
