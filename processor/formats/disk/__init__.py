"""The files of a dataset on disk: which there are, archives, and compression."""
