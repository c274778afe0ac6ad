"""The files of a dataset as they lie on disk: archives, packings, and which files there are."""
