"""The commands that a replay carries out: a module for each, and one line for each in the registry."""
