"""Book events from what venues send: snapshots, whole states, single orders."""
