"""Pictures from run records."""
