"""The whole history of a dataset as one table, in one process or in many."""
