"""overview_data.json: the traded volume of the whole range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View

if TYPE_CHECKING:
    from collections.abc import Iterator

OVERVIEW_FILE: Final = "overview_data.json"
MAX_VOLUMES: Final = 1000
"""Numbers that it holds."""


class Overview(msgspec.Struct, frozen=True):
    """The traded volume of the whole range: one number for each `bucket_ms` from `start_ms`, up to the event clock.

    A bucket that the clock has not passed is not there, so nothing in it lies after the clock.
    """

    start_ms: Integer
    bucket_ms: Integer
    volumes: tuple[float, ...]


def _overview_faults(overview: Overview) -> Iterator[str]:
    if len(overview.volumes) > MAX_VOLUMES:
        yield f"holds {len(overview.volumes)} volumes, at most {MAX_VOLUMES} are allowed"
    if overview.bucket_ms < 1:
        yield f"bucket_ms is {overview.bucket_ms}, expected at least 1"
    if any(volume < 0 for volume in overview.volumes):
        yield "a volume is negative"


OVERVIEW: Final = View[Overview | None](
    name="overview",
    file=OVERVIEW_FILE,
    type=Overview,
    empty=None,
    presence="always",
    is_rows=False,
    faults=_overview_faults,
    content=(
        '*added*: `{"start_ms", "bucket_ms", "volumes"}`: the traded volume of the whole range so far, one number for '
        "each `bucket_ms` from `start_ms`, without buckets that the event clock has not passed. Not written "
        "if the dataset's own files are read without the cache"
    ),
    bound="at most 1000 volumes",
)
