"""Recordings of websockets: what the formats of all venues have in common."""
