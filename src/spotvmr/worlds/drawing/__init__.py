"""Drawing of the demo's frames."""
