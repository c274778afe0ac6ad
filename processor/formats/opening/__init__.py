"""Checks of a dataset before it is read: what its files are, and which of them repeat each other."""
