"""Book events from the data of venues: snapshots, full books per row, single orders."""
