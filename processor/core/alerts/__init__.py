"""Alerts: conditions on price, measures and events, in a small language, held against each step of a market."""
