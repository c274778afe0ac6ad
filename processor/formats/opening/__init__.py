"""What is found out about a dataset before it is read: what its files are, and which tell the same."""
