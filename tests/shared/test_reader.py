from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from structlog.testing import capture_logs

from shared import (
    DATA_FILES,
    DEPTH_FILE,
    METRICS_FILE,
    OHLC_FILE,
    OVERVIEW,
    OVERVIEW_FILE,
    REPORT,
    REPORT_FILE,
    STATUS_FILE,
    ControlAnswer,
    Depth,
    DirectoryReader,
    DirectoryWriter,
    IpcStats,
    Level,
    MalformedFile,
    MetricsRow,
    OhlcRow,
    Overview,
    Picture,
    Status,
    View,
    decode,
    encode,
)
from tests.shared.publishing import a_report, a_status, publish

if TYPE_CHECKING:
    from pathlib import Path


class Counting:
    def __init__(self) -> None:
        self.parses: list[str] = []
        self.failures: list[tuple[str, str]] = []

    def parsed(self, name: str, seconds: float) -> None:
        assert seconds >= 0
        self.parses.append(name)

    def failed(self, name: str, kind: str) -> None:
        self.failures.append((name, kind))


def test_what_was_published_together_is_read_together(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        picture = DirectoryReader(tmp_path).poll()

    assert picture is not None
    assert picture.status.generation == 1
    assert picture.ohlc == (OhlcRow(0, 1.0, 2.0, 1.0, 1.0, 1.0),)
    assert picture.depth.bids == (Level(1.0, 2.0),)


def test_before_anything_is_published_there_is_no_picture_and_a_reason(tmp_path: Path) -> None:
    reader = DirectoryReader(tmp_path / "not there yet")

    assert reader.poll() is None
    assert reader.problem == "status.json is missing"


def test_an_unchanged_directory_is_parsed_once(tmp_path: Path) -> None:
    counting = Counting()
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        reader = DirectoryReader(tmp_path, counting)
        first = reader.poll()

        assert reader.poll() is first
        assert sorted(counting.parses) == sorted([*DATA_FILES, STATUS_FILE])


def test_only_the_files_that_changed_are_parsed_again(tmp_path: Path) -> None:
    counting = Counting()
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        reader = DirectoryReader(tmp_path, counting)
        reader.poll()
        counting.parses.clear()
        writer.write(DEPTH_FILE, encode(Depth()), 2)
        writer.commit(encode(a_status(writer, 2)))

        picture = reader.poll()
        assert picture is not None
        assert picture.depth == Depth()
        assert sorted(counting.parses) == [DEPTH_FILE, STATUS_FILE]


def test_data_newer_than_the_status_is_not_shown_with_it(tmp_path: Path) -> None:
    counting = Counting()
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        reader = DirectoryReader(tmp_path, counting)
        first = reader.poll()
        writer.write(OHLC_FILE, encode([OhlcRow(0, 1.0, 9.0, 1.0, 9.0, 1.0)]), 2)
        writer.commit(encode(a_status(writer, 2)))
        (tmp_path / OHLC_FILE).write_bytes(encode([OhlcRow(0, 1.0, 99.0, 1.0, 99.0, 1.0)]))

        assert reader.poll() is first
        assert counting.failures == [(OHLC_FILE, "mixed")]
        assert reader.problem == "ohlc_data.json is from another publication than status.json"

        publish(writer, 3)
        picture = reader.poll()
        assert picture is not None
        assert picture.status.generation == 3
        assert reader.problem is None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "partial"),
        (b'{"contract": "1.0", "sess', "partial"),
        (b"[]", "partial"),
        (b"\xff\xfe", "partial"),
        (b" " * 9_000_000, "failed"),
        (None, "failed"),
    ],
)
def test_a_broken_status_leaves_the_last_picture_and_is_counted(
    tmp_path: Path, content: bytes | None, kind: str
) -> None:
    counting = Counting()
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        reader = DirectoryReader(tmp_path, counting)
        first = reader.poll()
        path = tmp_path / STATUS_FILE
        path.unlink() if content is None else path.write_bytes(content)

        assert reader.poll() is first
        assert counting.failures == [(STATUS_FILE, kind)]
        publish(writer, 2)
        assert reader.poll() is not first
        assert reader.problem is None


def test_an_older_generation_of_the_session_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        old = (tmp_path / STATUS_FILE).read_bytes()
        publish(writer, 2)
        reader = DirectoryReader(tmp_path)
        newer = reader.poll()
        (tmp_path / STATUS_FILE).write_bytes(old)

        assert reader.poll() is newer
        assert reader.problem is not None
        assert "older" in reader.problem


def test_another_session_replaces_the_picture_whatever_its_generation(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 7)
        reader = DirectoryReader(tmp_path)
        reader.poll()
        publish(writer, 1, session="another")
        picture = reader.poll()

    assert picture is not None
    assert picture.status.session == "another"


def test_a_fault_is_logged_once_until_it_changes(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
    reader = DirectoryReader(tmp_path)
    reader.poll()
    with capture_logs() as logs:
        (tmp_path / STATUS_FILE).write_bytes(b"{")
        reader.poll()
        reader.poll()
        assert len(logs) == 1
        (tmp_path / STATUS_FILE).unlink()
        reader.poll()
        reader.poll()

    assert [log["file"] for log in logs] == [STATUS_FILE, STATUS_FILE]


def test_rows_with_more_columns_and_keys_than_known_are_read() -> None:
    assert decode(OHLC_FILE, b"[[0,1,2,1,2,3,4,5]]") == (OhlcRow(0, 1.0, 2.0, 1.0, 2.0, 3.0),)
    assert decode(DEPTH_FILE, b'{"bids":[[1,2,3]],"asks":[],"new":1}').bids == (Level(1.0, 2.0),)


def test_metrics_rows_may_leave_the_cvd_out() -> None:
    assert decode(METRICS_FILE, b"[[0,0.1,0.2,0,0.1]]") == (MetricsRow(0, 0.1, 0.2, 0.0, 0.1),)


@pytest.mark.parametrize("rows", ["[[1,1,1,1,1,1],[1,1,1,1,1,1]]", "[[2,1,1,1,1,1],[1,1,1,1,1,1]]"])
def test_rows_whose_times_do_not_increase_are_refused(rows: str) -> None:
    with pytest.raises(MalformedFile, match="timestamp_ms does not increase"):
        decode(OHLC_FILE, rows.encode())


def test_no_mangling_of_the_files_raises_or_shows_what_was_never_published(tmp_path: Path) -> None:
    """Random cuts, flips and swaps of real files, against the pictures that were really published."""
    chance = random.Random(1)
    with DirectoryWriter(tmp_path) as writer:
        publish(writer, 1)
        reader = DirectoryReader(tmp_path)
        published = [reader.poll()]
        for generation in range(2, 120):
            publish(writer, generation)
            whole = {name: (tmp_path / name).read_bytes() for name in (*DATA_FILES, STATUS_FILE)}
            if generation % 10 == 0:
                published.append(reader.poll())
            for name in chance.sample(sorted(whole), chance.randint(1, 4)):
                payload = bytearray(whole[name])
                for _ in range(chance.randint(1, 3)):
                    if payload and chance.random() < 0.5:
                        payload[chance.randrange(len(payload))] = chance.randrange(256)
                    else:
                        del payload[chance.randrange(len(payload) + 1) :]
                (tmp_path / name).write_bytes(payload)
            picture = reader.poll()
            assert picture is not None
            close = float(picture.ohlc[0].close) if picture.ohlc else None
            assert close is None or (picture.metrics[0].cvd_close, picture.depth.bids[0].size) == (close, close + 1)
            for name, payload_before in whole.items():
                (tmp_path / name).write_bytes(payload_before)


def _crc32(picture: Picture, view: View[Any]) -> int | None:
    held = picture.held.get(view.name)
    return held.crc32 if held else None


def test_the_report_belongs_to_the_picture(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        writer.write(REPORT_FILE, encode(a_report(1)), 1)
        publish(writer, 1)
        reader = DirectoryReader(tmp_path)
        first = reader.poll()
        publish(writer, 2)
        second = reader.poll()

    assert first is not None
    assert first[REPORT] == a_report(1)
    assert _crc32(first, REPORT) == writer.files[REPORT_FILE].crc32
    assert second is not None
    assert second[REPORT] is first[REPORT]


@pytest.mark.parametrize("harm", ["missing", "empty", "malformed"])
def test_a_broken_report_holds_back_neither_the_picture_nor_its_own_successor(tmp_path: Path, harm: str) -> None:
    def spoil() -> None:
        if harm == "missing":
            (tmp_path / REPORT_FILE).unlink()
        else:
            (tmp_path / REPORT_FILE).write_bytes(b"" if harm == "empty" else b"{}")

    with DirectoryWriter(tmp_path) as writer, capture_logs() as logs:
        writer.write(REPORT_FILE, encode(a_report(1)), 1)
        publish(writer, 1)
        reader = DirectoryReader(tmp_path)
        reader.poll()
        entry = writer.files[REPORT_FILE]
        writer.write(REPORT_FILE, encode(a_report(2)), 2)
        publish(writer, 2)
        spoil()
        for _ in range(3):
            picture = reader.poll()
            assert picture is not None
            assert picture.status.generation == 2
            assert (picture[REPORT], _crc32(picture, REPORT)) == (a_report(1), entry.crc32)
            assert reader.problem is not None
            assert reader.problem.startswith(REPORT_FILE)
        (tmp_path / REPORT_FILE).write_bytes(encode(a_report(2)))
        mended = reader.poll()
        assert mended is not None
        assert mended[REPORT] == a_report(2)
        assert reader.problem is None
        spoil()
        publish(writer, 3, session="other")
        other = reader.poll()
        assert other is not None
        assert other[REPORT] == a_report(2), "what was read once and is still named need not be read again"
    assert [each["file"] for each in logs if each["event"] == "read_refused"] == [REPORT_FILE]


def test_a_report_of_another_session_is_not_kept(tmp_path: Path) -> None:
    with DirectoryWriter(tmp_path) as writer:
        writer.write(REPORT_FILE, encode(a_report(1)), 1)
        publish(writer, 1)
        reader = DirectoryReader(tmp_path)
        reader.poll()
        writer.write(REPORT_FILE, encode(a_report(2)), 2)
        publish(writer, 2, session="other")
        (tmp_path / REPORT_FILE).unlink()
        picture = reader.poll()

    assert picture is not None
    assert (picture[REPORT], _crc32(picture, REPORT)) == (None, None)


def test_of_two_views_a_broken_one_holds_the_other_back_as_little_as_the_picture(tmp_path: Path) -> None:
    overview = Overview(start_ms=0, bucket_ms=1000, volumes=(1.0, 2.5))
    with DirectoryWriter(tmp_path) as writer:
        writer.write(REPORT_FILE, encode(a_report(1)), 1)
        writer.write(OVERVIEW_FILE, encode(overview), 1)
        publish(writer, 1)
        reader = DirectoryReader(tmp_path)
        first = reader.poll()
        entry = writer.files[OVERVIEW_FILE]
        writer.write(REPORT_FILE, encode(a_report(2)), 2)
        writer.write(OVERVIEW_FILE, encode(msgspec.structs.replace(overview, volumes=(1.0,))), 2)
        publish(writer, 2)
        (tmp_path / OVERVIEW_FILE).write_bytes(b"{")
        second = reader.poll()

    assert first is not None
    assert (first[OVERVIEW], _crc32(first, OVERVIEW)) == (overview, entry.crc32)
    assert second is not None
    assert second[REPORT] == a_report(2)
    assert (second[OVERVIEW], _crc32(second, OVERVIEW)) == (overview, entry.crc32)
    assert reader.problem is not None
    assert reader.problem.startswith(OVERVIEW_FILE)


def test_a_picture_is_newer_by_generation_within_a_session_and_by_time_across() -> None:
    status = msgspec.convert(
        msgspec.to_builtins(
            Status(
                contract="1.0",
                session="s",
                generation=5,
                state="playing",
                dataset="",
                instrument="",
                instruments=(),
                interval="1m",
                start_ms=None,
                end_ms=None,
                event_time_ms=None,
                speed=1.0,
                published_at_ms=1000,
                heartbeat_ms=1000,
                files={},
                control=ControlAnswer(),
                checks={},
                ipc=IpcStats(),
                report={},
                error=None,
            )
        ),
        Status,
    )
    picture = Picture(status)
    assert picture.is_newer_than("s", 4, 9999)
    assert not picture.is_newer_than("s", 5, 0)
    assert picture.is_newer_than("other", 9, 999)
    assert picture.is_newer_than("other", 1, 1001), "the clock was set back"
    assert not picture.is_newer_than("other", 9, 1001)
