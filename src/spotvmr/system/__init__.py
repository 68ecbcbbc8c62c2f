"""The machine below the framework: files, locks, processes."""
