"""The words of a command line: which are settings, which are options, and what values they hold."""
