"""The demo dataset: a seeded order-flow simulator, and the writer of its files."""

from __future__ import annotations

from processor.demo.generate import EVENTS_AN_HOUR, INSTRUMENT, START_NS, generate

__all__ = ["EVENTS_AN_HOUR", "INSTRUMENT", "START_NS", "generate"]
