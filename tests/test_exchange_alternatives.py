"""The ways of exchange that the benchmark compares: each brings every reader the pictures that were published."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shared.reader
from bench.alternatives import base, faults, measure
from bench.alternatives.process import Order
from bench.alternatives.recording import Recording
from bench.alternatives.ways import WAYS
from shared import DEPTH_FILE, OHLC_FILE, STATUS_FILE, Depth, Level, OhlcRow, encode
from tests.patience import PATIENCE_S
from tests.visualizer.pictures import status

if TYPE_CHECKING:
    from pathlib import Path

    from bench.alternatives.base import Reader, Way
    from shared import Picture

_MS = 1_000_000


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Three pictures; the bars of the second are those of the first."""
    pictures = []
    for price in (1.0, 2.0, 3.0):
        bars = [OhlcRow(60_000, 1.0, 3.0, 1.0, max(price, 2.0), 1.0)]
        files: dict[str, Any] = {DEPTH_FILE: Depth((Level(price, 1.0),), ()), OHLC_FILE: bars}
        pictures.append({STATUS_FILE: encode(status())} | {name: encode(value) for name, value in files.items()})
    return Recording(pictures)


@pytest.fixture
def _this_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a way changes in its own processes is put back."""
    monkeypatch.setattr(os, "fsync", os.fsync)
    monkeypatch.setattr(shared.reader, "decode", shared.reader.decode)  # type: ignore[attr-defined] # as imported there


def newest(reader: Reader, generation: int) -> Picture:
    ends_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_s:
        picture = reader.next(0.2)
        if picture is not None and picture.status.generation >= generation:
            return picture
    pytest.fail(f"generation {generation} never came")


@pytest.mark.parametrize("way", [way for way in WAYS.values() if way.missing() is None], ids=lambda way: way.name)
@pytest.mark.usefixtures("_this_process_as_it_was")
def test_every_way_brings_all_readers_the_newest_picture(way: Way, recording: Recording, tmp_path: Path) -> None:
    place = tmp_path / "ipc"
    with way.service(place):
        writer = way.writer(place)
        writer.publish(recording.publication(1))
        readers = [way.reader(place) for _ in range(2)]
        # A subscription takes a moment, and one way has only what is published after it.
        publishing = threading.Event()
        for number in range(2, 5):
            publication = recording.publication(number)
            thread = threading.Thread(target=_publish_until, args=(writer, publication, publishing))
            thread.start()
            for reader in readers:
                picture = newest(reader, number)
                assert picture.status.session == "bench"
                assert picture.depth.bids[0].price == (number - 1) % 3 + 1
                assert picture.ohlc[-1].close == max(picture.depth.bids[0].price, 2.0)
            publishing.set()
            thread.join()
            publishing.clear()
        for reader in readers:
            reader.close()
        writer.close()


def _publish_until(writer: base.Writer, publication: base.Publication, seen: threading.Event) -> None:
    writer.publish(publication)
    while not seen.wait(0.2):
        writer.publish(publication)


def test_what_is_cut_or_mixed_is_no_picture(recording: Recording) -> None:
    one, two = (recording.publication(number) for number in (1, 3))
    message = base.message_of(one)
    for cut in (1, len(message) // 2, len(message) - 1):
        with pytest.raises(base.Broken):
            base.Assembler().picture(base.unframed(message[:cut]))
    mixed = {STATUS_FILE: encode(one.status)} | one.files | {DEPTH_FILE: two.files[DEPTH_FILE]}
    with pytest.raises(base.Broken):
        base.Assembler().picture(mixed)


@st.composite
def _runs(draw: st.DrawFn) -> tuple[Order, int, list[list[tuple[int, int]]]]:
    told = Order(
        begins_ns=draw(st.integers(0, 10**9)), ends_ns=10**10, first=draw(st.integers(1, 9)), period_ns=100 * _MS
    )
    published = draw(st.integers(1, 30))
    readers = []
    for _ in range(draw(st.integers(1, 3))):
        found = sorted(draw(st.sets(st.integers(told.first - 1, told.first + published - 1), max_size=published)))
        times = sorted(draw(st.lists(st.integers(told.begins_ns, 10**10), min_size=len(found), max_size=len(found))))
        readers.append(list(zip(found, times, strict=True)))
    return told, published, readers


@given(run=_runs())
def test_ages_count_from_when_a_picture_was_due_and_a_skipped_one_is_seen_with_the_next(
    run: tuple[Order, int, list[list[tuple[int, int]]]],
) -> None:
    told, published, readers = run
    decoded_ms, seen_ms, decoded = measure.ages(told, published, readers)
    skipped = min(5, published // 2)
    due_ns = {told.first + index: told.begins_ns + index * told.period_ns for index in range(published)}
    ours = [[each for each in reader if each[0] in due_ns] for reader in readers]
    measured = [generation for generation in due_ns if generation >= told.first + skipped]
    assert decoded == sum(map(len, ours))
    expected = [(at_ns - due_ns[number]) / 1e6 for reader in ours for number, at_ns in reader if number in measured]
    assert decoded_ms == expected
    assert seen_ms == [
        (min(later) - due_ns[number]) / 1e6
        for reader in ours
        for number in measured
        if (later := [at_ns for other, at_ns in reader if other >= number])
    ]


def test_lines_of_code_are_those_of_the_named_definitions_without_comments_and_docstrings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "_ROOT", tmp_path)
    one = 'def one():\n    """Text."""\n    # why\n    return (\n        1\n    )\n'
    text = f'"""A module."""\n\n{one}\nclass Two:\n    x = 1\n    y = 2\n'
    (tmp_path / "module.py").write_text(text)
    way = next(iter(WAYS.values()))
    sources = {"module.py:one": 2, "module.py:one,Two": 5}
    for source, lines in sources.items():
        assert faults.lines_of(replace(way, sources=(source,))) == lines


def test_a_way_that_lacks_something_is_told_as_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = next(iter(WAYS.values()))
    monkeypatch.setattr(measure, "WAYS", {"it": replace(way, name="it", missing=lambda: "it is not installed")})
    monkeypatch.setattr(measure, "recorded", lambda cache, _count: cache)
    _, figure = measure.measure(tmp_path, pictures=1, seconds=1, readers=(1,), kills=0)
    assert (figure.name, figure.note, figure.numbers) == ("it", "left out: it is not installed", {})
