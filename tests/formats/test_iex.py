"""IEX's feeds, captured packet by packet as specified."""

from __future__ import annotations

import gzip
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from processor.core.events import ASK, BID, CLEAR, UNKNOWN
from processor.core.report import Report
from processor.errors import DatasetError, TooManyMalformed, UnknownFormat
from processor.formats import iex, open_dataset
from processor.formats.disk import files
from tests.formats.reading import book_of, read, trades_of
from tests.formats.samples import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.formats.reading import Read

START_NS: Final = int(datetime(2024, 8, 8, 13, 30, tzinfo=UTC).timestamp()) * 10**9
DEEP_NAME: Final = "data_feeds_20240808_20240808_IEXTP1_DEEP1.0.pcap"
TOPS_NAME: Final = "data_feeds_20240808_20240808_IEXTP1_TOPS1.6.pcap"
DEEP, TOPS, OLD_TOPS, DEEP_PLUS = 0x8004, 0x8003, 0x8002, 0x8005


def message(kind: str, flags: int, at_ns: int, layout: str = "", *fields: Any, stock: str = "ZIEXT") -> bytes:
    name = stock.encode().ljust(8) if kind != "S" else b""
    return struct.pack("<cBq", kind.encode(), flags, START_NS + at_ns) + name + struct.pack("<" + layout, *fields)


def directory(stock: str = "ZIEXT") -> bytes:
    return message("D", 0, 0, "IqB", 100, 995_000, 1, stock=stock)


def level(at_ns: int, side: str, size: int, dollars: float, *, complete: int = 1, stock: str = "ZIEXT") -> bytes:
    kind = "8" if side == "bid" else "5"
    return message(kind, complete, at_ns, "Iq", size, round(dollars * 10_000), stock=stock)


def trade(at_ns: int, size: int, dollars: float, number: int = 1, *, flags: int = 0, stock: str = "ZIEXT") -> bytes:
    return message("T", flags, at_ns, "Iqq", size, round(dollars * 10_000), number, stock=stock)


def broken(at_ns: int, number: int) -> bytes:
    return message("B", 0, at_ns, "Iqq", 100, 10_000, number)


def quote(at_ns: int, bid: tuple[int, float], ask: tuple[int, float], *, flags: int = 0, stock: str = "ZIEXT") -> bytes:
    prices = round(bid[1] * 10_000), round(ask[1] * 10_000)
    return message("Q", flags, at_ns, "IqqI", bid[0], *prices, ask[0], stock=stock)


OTHERS: Final = (
    message("S", ord("O"), 0),
    message("H", ord("T"), 0, "4s", b"    "),
    message("I", ord("A"), 0),
    message("O", ord("N"), 0),
    message("P", 0, 0, "c", b" "),
    message("E", ord("O"), 0),
    message("X", ord("Q"), 0, "q", 10_000),
    message("A", ord("O"), 0, "IqqIcBIqqqq", *(0, 0, 0, 0, b"B", 0, 0, 0, 0, 0, 0)),
)
"""One of each kind that changes neither book nor tape."""


def segment(
    first: int, *messages: bytes, protocol: int = DEEP, session: int = 7, sent_ns: int = 0, count: int | None = None
) -> bytes:
    payload = b"".join(struct.pack("<H", len(each)) + each for each in messages)
    held = len(messages) if count is None else count
    header = struct.pack("<BxHIIHHqqq", 1, protocol, 1, session, len(payload), held, 0, first, START_NS + sent_ns)
    return header + payload


def udp(payload: bytes, *, vlans: Sequence[int] = (), fragment: int = 0x4000, protocol: int = 17) -> bytes:
    """An Ethernet packet; each VLAN is the type of its tag."""
    datagram = struct.pack(">HHHH", 10_377, 10_377, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(datagram), 1, fragment, 64, protocol, 0, 1, 2)
    tags = b"".join(struct.pack(">HH", kind, 5) for kind in vlans)
    return bytes(12) + tags + b"\x08\x00" + ip + datagram


def pcap(*packets: bytes, order: str = "<", nano: bool = False, link: int = 1, cut: int | None = None) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 0x40000, link)]
    for each in packets:
        held = each[:cut]
        parts += [struct.pack(order + "IIII", START_NS // 10**9, 5, len(held), len(each)), held]
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(*packets: bytes, order: str = "<", kind: int = 6, links: Sequence[int] = (1,), interface: int = 0) -> bytes:
    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)]
    parts += [block(1, struct.pack(order + "HHI", link, 0, 0), order) for link in links]
    for each in packets:
        start = {
            6: struct.pack(order + "IIIII", interface, 1, 2, len(each), len(each)),
            2: struct.pack(order + "HHIIII", interface, 0, 1, 2, len(each), len(each)),
            3: struct.pack(order + "I", len(each)),
        }[kind]
        parts += [block(kind, start + each, order), block(5, b"statistics", order)]
    return b"".join(parts)


def numbered(*groups: Sequence[bytes], protocol: int = DEEP, first: int = 1) -> list[bytes]:
    """A packet for each group of messages, numbered one after the other."""
    packets = []
    for group in groups:
        packets.append(udp(segment(first, *group, protocol=protocol)))
        first += len(group)
    return packets


def deep(folder: Path, *groups: Sequence[bytes], name: str = DEEP_NAME, first: int = 1) -> Path:
    return write(folder / name, pcap(*numbered([directory()], *groups, first=first)))


def events_of(found: Read) -> list[tuple[int, int, int, int]]:
    book = found.book
    assert book is not None
    columns = (book.time_ns - START_NS, book.side, book.price_ticks, book.size_lots)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def tape_of(found: Read) -> list[tuple[int, int, int, int]]:
    trades = found.trades
    assert trades is not None
    columns = (trades.time_ns - START_NS, trades.price_ticks, trades.size_lots, trades.aggressor)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def found_of(found: Read) -> list[tuple[str, int | None, str]]:
    """The incidents but for the unknown sides, which every trade has."""
    incidents = [(each.kind, each.line, each.detail) for each in found.report.incidents]
    return [each for each in incidents if each[0] != "unknown_sides"]


def test_deeps_levels_are_absolute_and_trades_have_no_aggressor(tmp_path: Path) -> None:
    found = read(
        deep(
            tmp_path,
            OTHERS,
            [level(1, "bid", 100, 99.5), level(2, "ask", 200, 100.25, stock="ZZZ"), level(3, "ask", 300, 100.01)],
            [trade(4, 50, 100.01, 9, flags=0xF8), level(4, "ask", 250, 100.01)],
            [level(5, "bid", 0, 99.5), level(6, "bid", 2**32 - 1, 0.0001)],
        )
    )
    assert events_of(found) == [
        (1, CLEAR, 0, 0),
        (1, BID, 995_000, 100),
        (3, ASK, 1_000_100, 300),
        (4, ASK, 1_000_100, 250),
        (5, BID, 995_000, 0),
        (6, BID, 1, 2**32 - 1),
    ]
    assert tape_of(found) == [(4, 1_000_100, 50, UNKNOWN)]
    assert found.trades is not None
    assert (found.trades.price_decimals, found.trades.size_decimals) == (4, 0)
    assert found.report.counts == {"unknown_sides": 1}
    assert found.report.files[DEEP_NAME].rows == 1 + len(OTHERS) + 7


@pytest.mark.parametrize(("protocol", "more"), [(TOPS, b""), (OLD_TOPS, bytes(4))])
def test_topss_quotes_are_books_of_one_level_of_which_a_side_may_be_empty(
    tmp_path: Path, protocol: int, more: bytes
) -> None:
    packets = numbered(
        [directory(), *OTHERS, quote(0, (0, 0), (0, 0))],
        [quote(1, (100, 99.5), (300, 100.01)), trade(2, 50, 100.01) + more],
        [quote(3, (100, 99.5), (0, 0), flags=0x40), quote(4, (5, 9), (6, 10), stock="ZZZ")],
        protocol=protocol,
    )
    found = read(write(tmp_path / TOPS_NAME, pcap(*packets)))
    assert events_of(found) == [
        (0, CLEAR, 0, 0),
        (1, CLEAR, 0, 0),
        (1, BID, 995_000, 100),
        (1, ASK, 1_000_100, 300),
        (3, CLEAR, 0, 0),
        (3, BID, 995_000, 100),
    ]
    assert tape_of(found) == [(2, 1_000_100, 50, UNKNOWN)]


def test_stocks_are_those_of_the_directory(tmp_path: Path) -> None:
    path = deep(
        tmp_path, [directory("BRK.B"), directory("A\0"), directory("AAPL"), level(1, "bid", 1, 1, stock="AAPL")]
    )
    assert open_dataset(path).instruments == ("AAPL", "BRK.B", "ZIEXT")
    assert events_of(read(path, "AAPL")) == [(1, CLEAR, 0, 0), (1, BID, 10_000, 1)]


def test_a_damaged_symbol_is_no_stock(tmp_path: Path) -> None:
    path = deep(tmp_path, [level(1, "bid", 1, 1, stock="AIEXT"), level(2, "bid", 2, 1)])
    assert open_dataset(path).instruments == ("ZIEXT",)


@pytest.mark.parametrize("first", [1, 500])
def test_without_a_directory_stocks_are_those_of_all_messages_however_late(tmp_path: Path, first: int) -> None:
    packets = numbered(
        *[[trade(at, 1, 1)] for at in range(2000)], [level(2000, "bid", 1, 1, stock="AAPL")], first=first
    )
    path = write(tmp_path / DEEP_NAME, pcap(*packets))
    assert open_dataset(path).instruments == ("AAPL", "ZIEXT")


GROUPS: Final[tuple[list[bytes], ...]] = (
    [directory(), *OTHERS],
    [level(1, "bid", 100, 99.5), level(2, "ask", 300, 100.01)],
    [],
    [trade(3, 50, 100.01), level(3, "ask", 250, 100.01)],
)
CAPTURES: Final[dict[str, Callable[..., bytes]]] = {
    "pcap": pcap,
    "pcap-big": lambda *packets: pcap(*packets, order=">"),
    "pcap-nano": lambda *packets: pcap(*packets, nano=True),
    "pcap-nano-big": lambda *packets: pcap(*packets, order=">", nano=True),
    "pcapng": pcapng,
    "pcapng-big": lambda *packets: pcapng(*packets, order=">"),
    "pcapng-old": lambda *packets: pcapng(*packets, kind=2),
    "pcapng-simple": lambda *packets: pcapng(*packets, kind=3),
    "pcapng-second-interface": lambda *packets: pcapng(*packets, links=(113, 1), interface=1),
    "pcapng-sections": lambda *packets: pcapng(*packets[:2], order=">") + pcapng(*packets[2:]),
    "vlan": lambda *packets: pcap(*(each[:12] + b"\x81\x00\x00\x05" + each[12:] for each in packets)),
    "two-vlans": lambda *packets: pcap(*(each[:12] + b"\x88\xa8\0\5\x81\0\0\6" + each[12:] for each in packets)),
    "padded": lambda *packets: pcap(*(each + bytes(9) for each in packets)),
    "among-others": lambda *packets: pcap(
        *(each for packet in packets for each in (packet, bytes(60), b"", udp(b"hello"), udp(bytes(99), protocol=6)))
    ),
    "gzip": lambda *packets: gzip.compress(pcap(*packets)),
}  # fmt: skip


@pytest.mark.parametrize("kind", CAPTURES)
@pytest.mark.parametrize("read_bytes", [None, 1, 40, 111])
def test_captures_of_all_kinds_tell_the_same_however_much_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, read_bytes: int | None
) -> None:
    packets = numbered(*GROUPS)
    wanted = read(write(tmp_path / f"wanted/{DEEP_NAME}", pcap(*packets)))
    path = write(tmp_path / DEEP_NAME, CAPTURES[kind](*packets))
    if read_bytes:
        monkeypatch.setattr(files, "_PLAIN_READ_BYTES", read_bytes)
    found = read(path)
    assert book_of(found.book) == book_of(wanted.book)
    assert trades_of(found.trades) == trades_of(wanted.trades)
    assert found.report.files == wanted.report.files
    assert found_of(found) == []
    assert found.consumed_bytes == found.size_bytes
    assert len(events_of(found)) == 4


def test_numbers_that_are_missing_are_gaps_and_those_that_come_again_are_left_out(tmp_path: Path) -> None:
    first, second = [level(1, "bid", 1, 9), level(2, "bid", 2, 9)], [level(3, "bid", 3, 9), trade(4, 5, 9)]
    third = [level(5, "bid", 4, 9)]
    packets = [
        segment(1, directory()),
        segment(2, *first),
        segment(2, *first),
        segment(3, first[1], *second),
        segment(6),
        segment(8),
        segment(10, *third),
        segment(1, directory()),
    ]
    found = read(write(tmp_path / DEEP_NAME, pcap(*map(udp, packets))))
    assert [event[3] for event in events_of(found)[1:]] == [1, 2, 3, 4]
    assert len(tape_of(found)) == 1
    told = [each for each in found.report.incidents if each.kind != "unknown_sides"]
    assert [(each.kind, each.line, each.count, each.detail) for each in told] == [
        ("duplicates", 3, 2, "2 messages of this packet are repeated"),
        ("duplicates", 4, 1, "1 messages of this packet are repeated"),
        ("duplicates", 8, 1, "1 messages of this packet are repeated"),
        ("gaps", 6, 2, "2 messages of the session are missing before this packet"),
        ("gaps", 7, 2, "2 messages of the session are missing before this packet"),
    ]
    assert found.report.counts == {"unknown_sides": 1, "duplicates": 4, "gaps": 4}


def test_a_feed_that_came_over_two_lines_is_told_once(tmp_path: Path) -> None:
    packets = numbered([directory()], *([level(at, "bid", at, 9), trade(at, at, 9, at)] for at in range(1, 3000)))
    wanted = read(write(tmp_path / f"one/{DEEP_NAME}", pcap(*packets)))
    found = read(write(tmp_path / DEEP_NAME, pcap(*(line for packet in packets for line in (packet, packet)))))
    assert book_of(found.book) == book_of(wanted.book)
    assert trades_of(found.trades) == trades_of(wanted.trades)
    assert found.report.counts["duplicates"] == 1 + 2 * 2999
    assert sum(each.kind == "duplicates" for each in found.report.incidents) == 20


def test_a_session_that_is_cut_to_parts_or_copied_is_told_once(tmp_path: Path) -> None:
    groups = [[level(at, "bid", at, 9), trade(at, at, 9, at)] for at in range(1, 40)]
    packets = numbered([directory()], *groups)
    wanted = read(write(tmp_path / f"whole/{DEEP_NAME}", pcap(*packets)))
    write(tmp_path / "cut/b.pcap", pcap(*packets[:20]))
    write(tmp_path / "cut/a.pcap", pcapng(*packets[20:]))
    write(tmp_path / "cut/c.pcap.gz", pcap(*packets[10:30]))
    found = read(tmp_path / "cut")
    assert book_of(found.book) == book_of(wanted.book)
    assert trades_of(found.trades) == trades_of(wanted.trades)
    assert found.report.counts["duplicates"] == 2 * 20
    assert "gaps" not in found.report.counts
    assert found.consumed_bytes == found.size_bytes
    (part,) = iex.FORMAT.parts(open_dataset(tmp_path / "cut").files, "ZIEXT", "exchange", Report())
    assert part.name == "b.pcap and 2 more"
    assert part.first_ns == START_NS // 10**9 // 86_400 * 86_400 * 10**9


def test_a_capture_that_begins_within_a_session_keeps_the_book_and_says_so(tmp_path: Path) -> None:
    found = read(deep(tmp_path, [level(1, "bid", 1, 9)], first=500))
    assert events_of(found) == [(1, BID, 90_000, 1)]
    assert found_of(found) == [("incomplete", 1, "starts at message 500 of its session: what came before is unknown")]


def test_days_follow_each_other_and_each_begins_with_an_empty_book(tmp_path: Path) -> None:
    def day(name: str, days: int, session: int) -> None:
        at_ns = days * 86_400 * 10**9
        packet = udp(segment(1, directory(), level(at_ns, "bid", session, 9), session=session, sent_ns=at_ns))
        write(tmp_path / name, pcap(packet))

    day("20240809_IEXTP1_DEEP1.0.pcap", 1, 6)
    day("20240808_IEXTP1_DEEP1.0.pcap", 0, 9)
    assert [event[1:] for event in events_of(read(tmp_path))] == [
        (CLEAR, 0, 0), (BID, 90_000, 9), (CLEAR, 0, 0), (BID, 90_000, 6),
    ]  # fmt: skip


def test_tops_beside_deep_of_the_same_day_is_left_out(tmp_path: Path) -> None:
    deep(tmp_path, [level(1, "bid", 1, 9), trade(2, 5, 9)])
    packets = numbered([directory(), quote(1, (1, 9), (1, 10)), trade(2, 5, 9)], protocol=TOPS)
    write(tmp_path / TOPS_NAME, pcap(*packets))
    found = read(tmp_path)
    assert len(tape_of(found)) == 1
    assert found_of(found) == [
        ("unused", None, "TOPS is left out: DEEP of the same day has the same trades and more of the book")
    ]
    assert found.consumed_bytes == (tmp_path / DEEP_NAME).stat().st_size


def test_a_capture_of_both_feeds_is_read_by_the_deeper_one(tmp_path: Path) -> None:
    packets = [*numbered([directory(), quote(1, (1, 9), (1, 10))], protocol=TOPS), *numbered([level(1, "bid", 1, 9)])]
    found = read(write(tmp_path / "a.pcap", pcap(*packets)))
    assert events_of(found) == [(1, CLEAR, 0, 0), (1, BID, 90_000, 1)]
    assert found_of(found) == [("unused", None, "1 packets of other IEX feeds, left out")]


def test_updates_of_a_transition_that_ends_at_another_time_are_reported(tmp_path: Path) -> None:
    rows = [
        level(1, "bid", 1, 9, complete=0),
        level(1, "bid", 2, 8, complete=0),
        level(1, "bid", 3, 7),
        level(2, "bid", 4, 9, complete=0),
    ]
    found = read(deep(tmp_path, rows, [level(5, "bid", 5, 9)]))
    assert [event[0] for event in events_of(found)[1:]] == [1, 1, 1, 2, 5]
    assert found_of(found) == [
        ("assumptions", 3, "the book was in transition before this update, which has a later time; it is shown")
    ]


def test_a_trade_that_the_exchange_breaks_stays_on_the_tape_and_is_reported(tmp_path: Path) -> None:
    found = read(deep(tmp_path, [trade(1, 5, 9, 77)], [broken(2, 77)]))
    assert len(tape_of(found)) == 1
    assert found_of(found) == [("assumptions", 3, "trade 77 was broken later; it stays, as on the tape")]


def test_trades_have_their_packets_numbers_and_ids_that_no_other_day_gives(tmp_path: Path) -> None:
    path = deep(tmp_path, [trade(1, 5, 9, 77), trade(1, 5, 9, 78)], [trade(2, 5, 9, 2**40)])
    (part,) = iex.FORMAT.parts(open_dataset(path).files, "ZIEXT", "exchange", Report())
    (found,) = [each for each in part.read(Report()) if each.trades]
    assert found.lines is not None
    assert found.ids is not None
    assert found.lines.tolist() == [2, 2, 3]
    assert [each & (2**48 - 1) for each in found.ids.tolist()] == [77, 78, 2**40]
    assert {each >> 48 for each in found.ids.tolist()} == {START_NS // (86_400 * 10**9)}


def many(count: int = 150) -> list[list[bytes]]:
    return [[level(at, "bid", at, 9)] for at in range(1, count)]


@pytest.mark.parametrize(
    ("damaged", "reason", "gap"),
    [
        ([level(50, "bid", 5, -1)], "a price below 0", False),
        ([level(50, "bid", 5, 0)], "a level without a price", False),
        ([level(50, "bid", 5, 9)[:-1]], "a message that is too short for its type", False),
        ([level(-40 * 86_400 * 10**9, "bid", 5, 9)], "time 2024-06-29T13:30:00+00:00 is not on the file's day", False),
        (udp(segment(51, level(50, "bid", 5, 9))[:-1]), "a packet whose messages are not of its stated length", True),
        (udp(segment(51, level(50, "bid", 5, 9), count=2)), "a packet whose messages are not of its", True),
        (udp(segment(51, b"")), "a packet whose messages are not of its stated length", True),
        (udp(segment(51, level(50, "bid", 5, 9)))[:-1], "an incomplete packet: cut off by the", True),
        (udp(segment(51, level(50, "bid", 5, 9)), fragment=0x2000), "an incomplete packet: cut off by the", True),
    ],
)  # fmt: skip
def test_what_is_malformed_is_skipped_and_located(
    tmp_path: Path, damaged: bytes | list[bytes], reason: str, *, gap: bool
) -> None:
    packets = numbered([directory()], *many())
    packets[50] = damaged if isinstance(damaged, bytes) else udp(segment(51, *damaged))
    found = read(write(tmp_path / DEEP_NAME, pcap(*packets)))
    first, *others = found_of(found)
    assert first[:2] == ("malformed", 51)
    assert first[2].startswith(reason)
    wanted = ("gaps", 52, "1 messages of the session are missing before this packet")
    assert others == ([wanted] if gap else [])
    assert len(events_of(found)) == 149


def test_a_capture_of_which_over_one_percent_is_malformed_is_refused(tmp_path: Path) -> None:
    groups = many()
    groups[49] = groups[50] = [level(50, "bid", 5, 0)]
    with pytest.raises(TooManyMalformed, match=r"over 1 % of its rows do not parse \(2 of 150 so far\)"):
        read(deep(tmp_path, *groups))


def test_a_capture_that_ends_within_a_packet_is_read_to_there(tmp_path: Path) -> None:
    whole = pcap(*numbered([directory()], *many(4000)))
    found = read(write(tmp_path / f"a/{DEEP_NAME}", whole[:-5]))
    assert found_of(found) == [("incomplete", 4000, "the capture is cut off here: the rest is lost")]
    assert len(events_of(found)) == 3999
    found = read(write(tmp_path / f"b/{DEEP_NAME}", gzip.compress(whole)[:-2000]))
    assert [each[0] for each in found_of(found)] == ["incomplete"]
    assert 100 < len(events_of(found)) < 3999


def damaged_pcap() -> bytes:
    return pcap(*numbered([directory()])) + bytes([255]) * 99


def damaged_pcapng(at: int, value: int) -> bytes:
    start, last = pcapng(*numbered([directory()])), block(6, struct.pack("<IIIII", 0, 1, 2, 4, 4) + bytes(4))
    return start + last[:at] + bytes([value]) + last[at + 1 :]


@pytest.mark.parametrize(
    "content",
    [damaged_pcap(), damaged_pcapng(4, 13), damaged_pcapng(7, 9), damaged_pcapng(32, 1), damaged_pcapng(8, 1),
     damaged_pcapng(20, 5), pcapng(*numbered([directory()])) + block(1, b"") + bytes(12),
     pcapng(*numbered([directory()])) + block(6, bytes(4))],
)  # fmt: skip
def test_a_damaged_capture_is_refused_where_no_packet_can_follow(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetError, match=rf"{DEEP_NAME}: damaged after its packet 1: what follows is not a packet"):
        read(write(tmp_path / DEEP_NAME, content))


def test_another_session_in_one_capture_is_refused(tmp_path: Path) -> None:
    packets = [udp(segment(1, directory())), udp(segment(1, level(1, "bid", 1, 9), session=8))]
    with pytest.raises(DatasetError, match=rf"{DEEP_NAME}: its packet 2 is of another session or channel"):
        read(write(tmp_path / DEEP_NAME, pcap(*packets)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pcap(udp(b"hello")), "without those of IEX's DEEP or TOPS\n"),
        (pcap(), "without those of IEX's DEEP or TOPS"),
        (pcap(*numbered([directory()]), link=113), "without those of IEX's DEEP or TOPS"),
        (
            pcapng(*numbered([directory()], protocol=DEEP_PLUS)),
            r"without those .* \(but DEEP\+, single orders, which are",
        ),
        (pcapng(*numbered([directory()]), links=(1, 101), interface=1), "without those of IEX's DEEP or TOPS"),
    ],
)
def test_other_captures_are_called_by_their_name(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnknownFormat, match=r"a\.pcap: a capture of packets \(pcap\) " + reason):
        open_dataset(write(tmp_path / "a.pcap", content))


def test_a_capture_without_a_stock_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match=r"DEEP or TOPS without a message of any stock"):
        open_dataset(write(tmp_path / DEEP_NAME, pcap(*numbered([message("S", ord("O"), 0)], []))))


def test_a_generated_session_reads_as_a_slow_program_reads_it(tmp_path: Path) -> None:
    chance = np.random.default_rng(7)
    packets, told, tape = [], [], []
    number, at = 1, 0
    while number < 20_000:
        group: list[bytes] = []
        for _ in range(int(chance.integers(0, 6))):
            at += int(chance.integers(0, 3))
            stock, price, size = (
                ("AAPL", "MSFT")[int(chance.integers(2))],
                int(chance.integers(1, 99)),
                int(chance.integers(500)),
            )
            if chance.random() < 0.2:
                group.append(trade(at, size + 1, price / 100, number + len(group), stock=stock))
                tape += [(at, price * 100, size + 1, UNKNOWN)] if stock == "AAPL" else []
            else:
                side = ("bid", "ask")[int(chance.integers(2))]
                group.append(level(at, side, size, price / 100, stock=stock))
                told += [(at, BID if side == "bid" else ASK, price * 100, size)] if stock == "AAPL" else []
        packets.append(udp(segment(number, *group)))
        number += len(group)
    found = read(write(tmp_path / DEEP_NAME, pcap(*packets)), "AAPL")
    assert tape_of(found) == tape
    assert events_of(found)[1:] == told
    assert len(told) > 5000
