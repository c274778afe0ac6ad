"""Lines of separated values, and levels in JSON, as columns of integers."""
