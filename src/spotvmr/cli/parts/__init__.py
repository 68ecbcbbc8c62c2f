"""Parts of commands that are long enough for a module of their own, or that commands share."""
