"""Replays a dataset: sessions, the commands that steer them, and resuming after it was killed."""
