"""profile_data.json: the volume profile of the current session, and the points of control of the sessions before."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View
from shared.views.footprint import FootprintCell

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE_FILE: Final = "profile_data.json"
MAX_PROFILE_ROWS: Final = 300
MAX_EARLIER_SESSIONS: Final = 20


class EarlierSession(msgspec.Struct, frozen=True):
    """A session that has ended: its start in ms, and whether no later trade has met the row of its POC."""

    start_ms: Integer
    poc: float | None
    vah: float | None
    val: float | None
    is_naked: bool


class Profile(msgspec.Struct, frozen=True):
    """The session of the last trade up to the event clock.

    `start_ms` is when it started, `row` the height of its price rows, `rows` are those with trades, ascending.
    `high_nodes` and `low_nodes` name rows. `earlier` are the sessions before, oldest first.
    """

    start_ms: Integer
    row: float
    rows: tuple[FootprintCell, ...]
    poc: float | None
    vah: float | None
    val: float | None
    high_nodes: tuple[float, ...]
    low_nodes: tuple[float, ...]
    earlier: tuple[EarlierSession, ...]


def _profile_faults(profile: Profile) -> Iterator[str]:
    if len(profile.rows) > MAX_PROFILE_ROWS:
        yield f"holds {len(profile.rows)} price rows, at most {MAX_PROFILE_ROWS} are allowed"
    if len(profile.earlier) > MAX_EARLIER_SESSIONS:
        yield f"holds {len(profile.earlier)} earlier sessions, at most {MAX_EARLIER_SESSIONS} are allowed"
    if profile.row <= 0:
        yield f"the height of a price row is {profile.row}"
    prices = [row.price for row in profile.rows]
    if any(later <= earlier for earlier, later in pairwise(prices)):
        yield "its price rows do not ascend"
    for row in profile.rows:
        if min(row.buy_volume, row.sell_volume, row.unknown_volume) < 0 or row.trades < 1:
            yield f"the price row at {row.price} has a negative volume, or no trade"
    known = {*prices}
    if not {*profile.high_nodes, *profile.low_nodes} <= known:
        yield "a node is no row of the profile"
    starts = [*(session.start_ms for session in profile.earlier), profile.start_ms]
    if any(later <= earlier for earlier, later in pairwise(starts)):
        yield "its sessions do not follow each other"


PROFILE: Final = View[Profile | None](
    name="profile",
    file=PROFILE_FILE,
    type=Profile,
    empty=None,
    presence="asked",
    is_rows=False,
    faults=_profile_faults,
    content=(
        "*added*: the [volume profile](profile.md) of the session of the last trade, and the points of control of up "
        "to 20 sessions before it ([below](#profile_datajson))"
    ),
    bound="300 price rows; on request",
)
