"""The commands: the module NAME begins `spotvmr NAME` in its function `run(config, arguments)`."""
