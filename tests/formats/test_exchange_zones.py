"""The exchange's time zone, where a format tells it."""

from __future__ import annotations

import pytest

from processor.formats.exchange_zones import _ZONES, exchange_zone
from processor.formats.registry import formats
from processor.settings import zone_name


@pytest.mark.parametrize(
    ("format_names", "zone"),
    [
        ("lobster", "America/New_York"),
        ("itch + lobster", "America/New_York"),
        ("lobster + tardis", None),
        ("tardis", None),
        ("", None),
    ],
)
def test_the_zone_is_that_of_all_formats_of_a_dataset(format_names: str, zone: str | None) -> None:
    assert exchange_zone(format_names) == zone


def test_every_zone_is_of_a_format_and_exists() -> None:
    assert _ZONES.keys() <= {known.name for known in formats()}
    assert [zone_name("timezone", zone) for zone in _ZONES.values()] == list(_ZONES.values())
