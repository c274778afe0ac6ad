"""Attributes whose names have a dash, as components take them."""

from __future__ import annotations

from typing import Any


def named(label: str, **attributes: str) -> dict[str, Any]:
    """A label for those who do not see it, and further attributes: aria_expanded is aria-expanded."""
    return {"aria-label": label} | {_dashed(name): value for name, value in attributes.items()}


def data(**values: object) -> dict[str, Any]:
    """Values for the scripts, as data attributes: poll_ms is data-poll-ms."""
    return {f"data-{_dashed(name)}": str(value) for name, value in values.items()}


def _dashed(name: str) -> str:
    return name.replace("_", "-")
