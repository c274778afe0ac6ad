"""report_data.json: what the dataset is and what was found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from shared.contract import Integer
from shared.views.base import View

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT_FILE: Final = "report_data.json"
MAX_INCIDENTS: Final = 20
"""Incidents of one kind that are located."""
MAX_LISTED_FILES: Final = 500
"""Files of a dataset that are listed, and as many that were ignored."""


class ReadFile(msgspec.Struct, frozen=True):
    """One file of the dataset as far as it has been read: rows, and the span of their times in ms."""

    name: str
    rows: Integer
    malformed: Integer = 0
    first_ms: Integer | None = None
    last_ms: Integer | None = None


class Incident(msgspec.Struct, frozen=True):
    """One thing found: file and line (1-based), event time in ms, its end if it lasts; null where there is none."""

    file: str | None
    line: Integer | None
    time_ms: Integer | None
    until_ms: Integer | None
    detail: str


class Finding(msgspec.Struct, frozen=True):
    """Something the data's user should know: what it is, how often it was found, and where the first few are."""

    kind: str
    meaning: str
    count: Integer
    incidents: tuple[Incident, ...] = ()


class DataReport(msgspec.Struct, frozen=True):
    """What the dataset is and what was found in it: nothing that happens after the event clock.

    Reading runs ahead of the clock, so what is said of whole files does too. `trades` and `book_events` have been read,
    and that is all there are if `complete`. `file_count` and `ignored_count` are those of the whole dataset, however
    many are listed.
    """

    dataset: str
    format: str
    instrument: str
    instruments: tuple[str, ...]
    complete: bool
    trades: Integer
    book_events: Integer
    files: tuple[ReadFile, ...]
    file_count: Integer
    ignored_files: tuple[str, ...]
    ignored_count: Integer
    findings: tuple[Finding, ...]


def _report_faults(report: DataReport) -> Iterator[str]:
    for listed in ("files", "ignored_files"):
        if len(getattr(report, listed)) > MAX_LISTED_FILES:
            yield f"{listed} holds {len(getattr(report, listed))} entries, at most {MAX_LISTED_FILES} are allowed"
    for finding in report.findings:
        where = f"findings: {finding.kind}"
        if len(finding.incidents) > MAX_INCIDENTS:
            yield f"{where} locates {len(finding.incidents)} incidents, at most {MAX_INCIDENTS} are allowed"
        if finding.count < 1:
            yield f"{where} has count {finding.count}; what was not found is not listed"
        for i, found in enumerate(finding.incidents):
            if found.until_ms is not None and (found.time_ms is None or found.until_ms < found.time_ms):
                yield f"{where}: incident {i} ends before it begins"


REPORT: Final = View[DataReport | None](
    name="report",
    file=REPORT_FILE,
    type=DataReport,
    empty=None,
    presence="always",
    is_rows=False,
    faults=_report_faults,
    content="*added*: what the dataset is and the findings in it ([below](#report_datajson))",
    bound="20 incidents per kind",
)
