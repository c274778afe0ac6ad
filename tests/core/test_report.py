from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.book import Book
from processor.core.events import ASK, BID
from processor.core.report import KEPT_PER_KIND, KINDS, FileReport, Incident, Report, with_crossed_and_locked
from processor.publish.moment import SessionInfo
from processor.publish.views.report import report_payload
from processor.units import NS_PER_MS, NS_PER_SECOND
from shared import MAX_LISTED_FILES, REPORT_FILE, DataReport, decode, encode
from tests.core.streams import Update, columns_of_book

TOLD: dict[str, Any] = dict.fromkeys(each.name for each in fields(SessionInfo))
TOLD |= {"dataset": "folder", "format": "tardis", "instrument": "X", "instruments": ("X", "Y")}
SUBJECT = SessionInfo(**TOLD)

# Names of files may hold bytes that are no Unicode, which Python keeps as lone surrogates.
texts = st.text(st.characters(exclude_categories=())) | st.text(max_size=5)
times = st.none() | st.integers(-(2**63), 2**63 - 1)
# More could not be told in JSON.
counts = st.integers(0, 2**53 - 2)
reports = st.builds(
    Report,
    files=st.dictionaries(texts, st.builds(FileReport, counts, counts, times, times), max_size=3),
    counts=st.dictionaries(st.sampled_from(list(KINDS)) | texts, counts).map(Counter),
    incidents=st.lists(
        st.builds(
            Incident,
            st.sampled_from(list(KINDS)),
            texts,
            st.none() | counts.map(lambda count: count + 1),
            times,
            texts,
            times,
            counts,
        ),
        max_size=9,
    ),
    trades=counts,
    book_events=counts,
    complete=st.booleans(),
)


@given(reports)
def test_a_report_reads_back_from_json_as_it_was(report: Report) -> None:
    again = Report.from_json(report.to_json())

    assert again == report
    assert list(again.files) == list(report.files)
    assert again.counts["never counted"] == 0
    assert again.to_json() == report.to_json()


@pytest.mark.parametrize("encoded", [b"", b"{", b"[]", b"\xff", b'{"files": 3}', b'{"counts": {"gaps": 1.5}}'])
def test_bytes_that_are_no_report_are_refused_as_a_wrong_value(encoded: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Report.from_json(encoded)


def told(report: Report, event_ns: int | None, book: Book | None = None, ignored: tuple[str, ...] = ()) -> DataReport:
    book = book or Book(interval_ns=NS_PER_SECOND, obi_levels=1)
    value: DataReport = decode(REPORT_FILE, report_payload(SUBJECT, report, ignored, book, event_ns))
    return value


def test_a_report_tells_of_files_and_findings_and_where_they_are() -> None:
    report = Report(trades=2, book_events=1, complete=True)
    report.rows("trades.csv", 3, 5 * NS_PER_MS, 9 * NS_PER_MS)
    report.add("malformed", "trades.csv", 3, None, "price: 1.2.3 is no number")
    report.add("gaps", "trades.csv", 4, 9 * NS_PER_MS, "4 follows 2")

    found = json.loads(encode(told(report, 9 * NS_PER_MS, ignored=("notes.txt",))))
    malformed, gaps = found.pop("findings")
    assert found == {
        "dataset": "folder",
        "format": "tardis",
        "instrument": "X",
        "instruments": ["X", "Y"],
        "complete": True,
        "trades": 2,
        "book_events": 1,
        "files": [{"name": "trades.csv", "rows": 3, "malformed": 1, "first_ms": 5, "last_ms": 9}],
        "file_count": 1,
        "ignored_files": ["notes.txt"],
        "ignored_count": 1,
    }
    assert malformed == {
        "kind": "malformed",
        "meaning": KINDS["malformed"],
        "count": 1,
        "incidents": [
            {"file": "trades.csv", "line": 3, "time_ms": None, "until_ms": None, "detail": "price: 1.2.3 is no number"}
        ],
    }
    assert gaps["incidents"][0]["time_ms"] == 9


@given(reports, st.none() | st.integers(0, 100), st.data())
def test_nothing_after_the_event_clock_is_told(report: Report, event_ms: int | None, data: st.DataObject) -> None:
    for i, each in enumerate(report.incidents):
        time_ns = data.draw(st.none() | st.integers(0, 200 * NS_PER_MS))
        lasts = time_ns is not None and each.kind == "silences"
        until_ns = data.draw(st.integers(time_ns or 0, 400 * NS_PER_MS)) if lasts else None
        report.incidents[i] = replace(each, time_ns=time_ns, until_ns=until_ns)
    event_ns = None if event_ms is None else event_ms * NS_PER_MS

    for finding in told(report, event_ns).findings:
        for found in finding.incidents:
            assert found.time_ms is None or (event_ms is not None and found.time_ms <= event_ms)
            assert found.until_ms is None or (event_ms is not None and found.until_ms <= event_ms)


def test_a_kind_that_goes_on_after_the_clock_is_counted_by_what_has_been() -> None:
    report = Report()
    for second in range(30):
        report.add("gaps", "f", second, second * NS_PER_SECOND, "")

    assert told(report, None).findings == ()
    assert [finding.count for finding in told(report, 4 * NS_PER_SECOND).findings] == [5]
    (last,) = told(report, 19 * NS_PER_SECOND).findings
    assert (last.count, len(last.incidents)) == (30, KEPT_PER_KIND)


def test_a_silence_is_told_once_it_has_lasted_and_its_length_once_it_is_over() -> None:
    report = Report()
    report.add("silences", "", None, 10 * NS_PER_SECOND, "200 s without an event", until_ns=210 * NS_PER_SECOND)

    def at(second: int) -> list[tuple[int | None, int | None, str]]:
        found = told(report, second * NS_PER_SECOND).findings
        return [(each.time_ms, each.until_ms, each.detail) for finding in found for each in finding.incidents]

    assert at(69) == []
    assert at(71) == [(10_000, 71_000, "no event since")]
    assert at(209) == [(10_000, 209_000, "no event since")]
    assert at(210) == [(10_000, 210_000, "200 s without an event")]


def test_crossed_and_locked_periods_are_told_from_to_and_one_that_stands_up_to_the_clock() -> None:
    book = Book(interval_ns=NS_PER_SECOND, obi_levels=1)
    updates = [(0, ASK, 101, 1), (1, BID, 102, 1), (3, ASK, 101, 0), (3, ASK, 102, 1), (5, BID, 90, 1)]
    book.advance(columns_of_book([Update(ms * NS_PER_MS, *rest) for ms, *rest in updates]))
    report = Report()

    found = {
        finding.kind: [(each.time_ms, each.until_ms) for each in finding.incidents]
        for finding in told(report, 9 * NS_PER_MS, book).findings
    }
    assert found == {"crossed": [(1, 3)], "locked": [(3, 9)]}
    assert report == Report()
    assert with_crossed_and_locked(report, book).counts["crossed"] == book.crossed.samples


def test_names_that_are_no_unicode_and_very_many_files_can_be_told() -> None:
    report = Report()
    for number in range(MAX_LISTED_FILES + 1):
        report.rows(f"\udcff{number}", 1)

    found = told(report, 0, ignored=("\udcfe",) * (MAX_LISTED_FILES + 2))
    assert found.files[0].name == "\\xff0"
    assert (len(found.files), found.file_count) == (MAX_LISTED_FILES, MAX_LISTED_FILES + 1)
    assert (len(found.ignored_files), found.ignored_count) == (MAX_LISTED_FILES, MAX_LISTED_FILES + 2)


def test_the_longest_report_stays_far_below_what_readers_take() -> None:
    report = Report()
    for number in range(MAX_LISTED_FILES):
        report.rows(f"{'folder/' * 8}{number}.csv.gz", 10**9, 0, 10**18)
    for kind in KINDS:
        for line in range(100):
            report.add(kind, f"{'folder/' * 8}.csv.gz", line, line, "x" * 120)
    book: Any = Book(interval_ns=NS_PER_SECOND, obi_levels=1)

    assert len(report_payload(SUBJECT, report, ("y" * 60,) * 600, book, 10**18)) < 300_000
