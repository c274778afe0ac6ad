"""What an open page asks its server, as Dash sends it."""

from __future__ import annotations

from typing import Any


def question(held: object = None) -> dict[str, Any]:
    """The body of a poll by a page that holds this, None for one that has just been opened."""
    return {
        "output": "delta.data",
        "outputs": {"id": "delta", "property": "data"},
        "inputs": [{"id": "tick", "property": "n_intervals", "value": 1}],
        "changedPropIds": ["tick.n_intervals"],
        "state": [{"id": "known", "property": "data", "value": held}],
    }
