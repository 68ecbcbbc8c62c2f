"""What the command line says about itself: help texts and shell completion."""
