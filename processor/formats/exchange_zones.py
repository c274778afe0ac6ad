"""The time zone of the exchange, of formats that have the data of exchanges in one zone only."""

from __future__ import annotations

from typing import Final

_ZONES: Final = {"iex": "America/New_York", "itch": "America/New_York", "lobster": "America/New_York"}


def exchange_zone(format_names: str) -> str | None:
    """The IANA name of the zone of a dataset with these formats (`Dataset.format`); None where it is not known."""
    zones = {_ZONES.get(name) for name in format_names.split(" + ")}
    return zones.pop() if len(zones) == 1 else None
