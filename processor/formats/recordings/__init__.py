"""Recordings of websockets: the parts shared by the formats of all venues."""
