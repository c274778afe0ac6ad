"""Reads recorded market data, replays it, aggregates it and publishes it as files."""
