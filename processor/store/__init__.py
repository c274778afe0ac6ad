"""A dataset as the project stores it: the own Parquet layout with an index, so that a replay can start anywhere in it.

docs/formats/own.md is the specification of the files, docs/cache.md says when they are made and when they go.
"""
