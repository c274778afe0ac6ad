"""Packets of IEX in whatever order they come: what a session comes to is what its numbers say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from processor.formats.disk import files
from processor.formats.iex_order import WINDOW
from tests.formats.reading import read
from tests.formats.samples import write
from tests.formats.test_iex import DEEP_NAME, directory, events_of, found_of, pcap, segment, tape_of, trade, udp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.formats.reading import Read

often: Final = settings(deadline=None, suppress_health_check=list(HealthCheck))


class Packet(NamedTuple):
    """The number of its first message, and how many it has."""

    first: int
    held: int


def session(counts: Sequence[int]) -> list[Packet]:
    """Packets of so many messages, 0 of them a heartbeat, behind the directory, which is message 1."""
    packets, first = [Packet(1, 1)], 2
    for count in counts:
        packets.append(Packet(first, count))
        first += count
    return packets


def sent(packet: Packet, *, as_number: int | None = None) -> bytes:
    """Of message n, a trade of n shares at n nanoseconds; message 1 is the directory."""
    numbers = range(packet.first, packet.first + packet.held)
    messages = [directory() if n == 1 else trade(n, n, 9, n) for n in numbers]
    return udp(segment(packet.first if as_number is None else as_number, *messages))


def sizes_of(found: Read) -> list[int]:
    """The numbers of the trades' messages."""
    return [size for _, _, size, _ in tape_of(found)] if found.trades is not None else []


def said_slowly(came: Sequence[Packet]) -> tuple[list[int], int, int]:
    """Of these packets each message once in the order of the numbers; how many are missing, and come again."""
    numbers = [n for packet in came for n in range(packet.first, packet.first + packet.held)]
    last = max(packet.first + packet.held for packet in came) - 1
    missing = set(range(1, last + 1)) - set(numbers)
    return sorted(set(numbers) - {1}), len(missing), len(numbers) - len(set(numbers))


def written(folder: Path, packets: Sequence[bytes], *cuts: int) -> Path:
    """A capture of these packets, cut into files at these places; the first file has the directory."""
    for number, (start, end) in enumerate(zip((0, *cuts), (*cuts, len(packets)), strict=True)):
        write(folder / f"{number}-{DEEP_NAME}", pcap(*packets[start:end]))
    return folder


@often
@given(data=st.data(), counts=st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_packets_in_any_order_some_doubled_and_some_lost_tell_what_their_numbers_say(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, counts: list[int]
) -> None:
    first, *others = session(counts)
    kept = [packet for packet in others for _ in range(data.draw(st.sampled_from([0, 1, 1, 1, 1, 2])))]
    came = data.draw(st.permutations([first, *kept]))
    cut = data.draw(st.integers(1, len(came)))
    shorter = min(cut, len(came) - cut)
    assume(not shorter or came[:shorter] != came[cut : cut + shorter])  # a file that is the begin of another is a copy
    folder = written(tmp_path_factory.mktemp("iex"), list(map(sent, came)), *([cut] if cut < len(came) else []))
    if cut < len(came) and not all(any(packet.held for packet in part) for part in (came[:cut], came[cut:])):
        return  # a file without a stock is none
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_PLAIN_READ_BYTES", data.draw(st.sampled_from([1 << 20, 300, 90])))
        found = read(folder, "ZIEXT")
    numbers, missing, repeated = said_slowly(came)
    assert sizes_of(found) == numbers
    assert found.report.counts["gaps"] == missing
    assert found.report.counts["duplicates"] == repeated
    assert found.report.counts["malformed"] == found.report.counts["late"] == found.report.counts["incomplete"] == 0


@often
@given(counts=st.lists(st.integers(1, 4), min_size=30, max_size=60), at=st.integers(1, 25), bit=st.integers(0, 61))
def test_a_damaged_number_costs_its_packet_alone(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], at: int, bit: int
) -> None:
    packets = session([*counts, *[1] * 150])
    spoilt = packets[at]
    assume(not 0 <= (spoilt.first ^ 1 << bit) - packets[-1].first <= WINDOW)  # there it may as well be the last one
    came = [sent(each, as_number=each.first ^ 1 << bit if each is spoilt else None) for each in packets]
    found = read(written(tmp_path_factory.mktemp("iex"), came))
    wanted = [n for each in packets if each is not spoilt for n in range(each.first, each.first + each.held) if n > 1]
    lost = set(range(spoilt.first, spoilt.first + spoilt.held))
    assert set(sizes_of(found)) - lost == set(wanted)
    assert sizes_of(found) == sorted(sizes_of(found))
    if spoilt.first < spoilt.first ^ 1 << bit:
        assert sizes_of(found) == wanted
        assert found.report.counts["malformed"] == 1
        assert found.report.counts["gaps"] == spoilt.held
        assert found.report.counts["duplicates"] == 0


def test_a_number_far_ahead_is_told_once_most_others_went_on_without_it(tmp_path: Path) -> None:
    packets = session([1] * (WINDOW + 200))
    came = [sent(each, as_number=each.first + 2**40 if at == 50 else None) for at, each in enumerate(packets)]
    found = read(written(tmp_path, came))
    assert sizes_of(found) == [each.first for each in packets if each.first not in {1, 51}]
    assert sorted(found_of(found)) == [
        ("gaps", 52, "1 messages of the session are missing before this packet"),
        ("malformed", 51, "a packet whose number is far from those around it, left out"),
    ]


@pytest.mark.parametrize("behind", [WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 50])
def test_a_packet_is_put_in_its_place_within_the_window_and_lost_with_a_word_beyond_it(
    tmp_path: Path, behind: int
) -> None:
    packets = session([2] * (WINDOW + 200))
    late = packets.pop(10)
    packets.insert(10 + behind, late)
    found = read(written(tmp_path, list(map(sent, packets)), 4000))
    every = list(range(2, 2 * (WINDOW + 200) + 2))
    if behind <= WINDOW:
        assert sizes_of(found) == every
        assert [kind for kind, _, _ in found_of(found)] == ["out_of_order"]
    else:
        assert sizes_of(found) == [n for n in every if n not in {late.first, late.first + 1}]
        assert [(kind, detail) for kind, _, detail in found_of(found)] == [
            ("gaps", "2 messages of the session are missing before this packet"),
            ("late", f"2 messages of this packet came more than {WINDOW} packets late and are left out"),
        ]
        assert found.report.counts["late"] == found.report.counts["gaps"] == 2


def test_a_heartbeat_tells_of_what_is_missing_and_what_comes_then_is_not(tmp_path: Path) -> None:
    packets = session([2, 1, 0, 1])
    came = [packets[0], packets[1], packets[3], packets[2]]
    assert found_of(read(written(tmp_path / "all", list(map(sent, came))))) == []
    found = read(written(tmp_path / "lost", list(map(sent, came[:3]))))
    assert found_of(found) == [("gaps", 3, "1 messages of the session are missing before this packet")]
    assert sizes_of(found) == [2, 3]


def test_what_waits_at_the_end_of_a_file_is_told_of_that_file(tmp_path: Path) -> None:
    packets = session([1] * 9)
    came = [*packets[:4], *packets[5:8], packets[4], *packets[8:]]
    found = read(written(tmp_path, list(map(sent, came)), 6))
    assert sizes_of(found) == list(range(2, 11))
    assert [(each.kind, each.file, each.line) for each in found.report.incidents if each.kind == "out_of_order"] == [
        ("out_of_order", f"0-{DEEP_NAME}", 5)
    ]
    assert {name: entry.rows for name, entry in found.report.files.items()} == {
        f"0-{DEEP_NAME}": 6,
        f"1-{DEEP_NAME}": 4,
    }
    assert found.consumed_bytes == found.size_bytes
    assert found.book is None or not events_of(found)
