"""Replays a dataset: sessions, the commands that steer them, and coming back after a death."""
