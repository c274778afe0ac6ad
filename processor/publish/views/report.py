"""report_data.json: the data report as far as the event clock has come."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import shared
from processor.core.merge.ordering import SILENCE_NS
from processor.core.report import KINDS, Incident, with_crossed_and_locked
from processor.names import printable
from processor.publish.views.base import SECOND, Published
from processor.units import NS_PER_MS
from shared import MAX_INCIDENTS, MAX_LISTED_FILES, REPORT, DataReport, Finding, ReadFile, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.book import Book
    from processor.core.report import Report
    from processor.publish.moment import Moment, SessionInfo

_LASTING: Final = ("crossed", "locked", "silences")


def report_payload(
    subject: SessionInfo, report: Report, ignored: Sequence[str], book: Book, event_ns: int | None
) -> bytes:
    """What `report` and the periods of `book` say of the time up to `event_ns` (None: before the first event).

    `ignored` names the files of the dataset that are of no format. Incidents without a time are always told. What is
    read runs ahead of the clock, and with it the counts; a kind of which an incident is still to come is counted by the
    incidents told.
    """
    whole = with_crossed_and_locked(report, book)
    found = (_finding(kind, whole, event_ns) for kind in KINDS)
    return encode(
        DataReport(
            dataset=printable(subject.dataset),
            format=subject.format,
            instrument=subject.instrument,
            instruments=subject.instruments,
            complete=whole.complete,
            trades=whole.trades,
            book_events=whole.book_events,
            files=tuple(
                ReadFile(printable(name), file.rows, file.malformed, _ms(file.first_ns), _ms(file.last_ns))
                for name, file in islice(whole.files.items(), MAX_LISTED_FILES)
            ),
            file_count=len(whole.files),
            ignored_files=tuple(printable(name) for name in ignored[:MAX_LISTED_FILES]),
            ignored_count=len(ignored),
            findings=tuple(finding for finding in found if finding.count),
        )
    )


def _finding(kind: str, report: Report, event_ns: int | None) -> Finding:
    all_kept = [incident for incident in report.incidents if incident.kind == kind]
    told = [_until(incident, event_ns) for incident in all_kept if _is_known(incident, event_ns)]
    # Files are read side by side, and each in its own order.
    told.sort(key=lambda incident: (incident.time_ns is not None, incident.time_ns or 0))
    return Finding(
        kind=kind,
        meaning=KINDS[kind],
        count=report.counts[kind] if len(told) == len(all_kept) else sum(incident.count for incident in told),
        incidents=tuple(map(_published, told[:MAX_INCIDENTS])),
    )


def _is_known(incident: Incident, event_ns: int | None) -> bool:
    """Whether the event clock has seen it; that nothing happens is a silence only once it has lasted."""
    if incident.time_ns is None:
        return True
    seen_ns = incident.time_ns + (SILENCE_NS if incident.kind == "silences" else 0)
    return event_ns is not None and seen_ns <= event_ns


def _until(incident: Incident, event_ns: int | None) -> Incident:
    """The same incident, ended at the event clock if it lasts beyond."""
    if event_ns is None or incident.time_ns is None or incident.kind not in _LASTING:
        return incident
    if incident.until_ns is not None and incident.until_ns <= event_ns:
        return incident
    # How long a silence lasts is not known before it ends.
    detail = "no event since" if incident.kind == "silences" else incident.detail
    return replace(incident, until_ns=event_ns, detail=detail)


def _published(incident: Incident) -> shared.Incident:
    return shared.Incident(
        file=printable(incident.file) or None,
        line=incident.line,
        time_ms=_ms(incident.time_ns),
        until_ms=_ms(incident.until_ns),
        detail=printable(incident.detail),
    )


def _ms(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns // NS_PER_MS


def _payload(moment: Moment) -> bytes | None:
    if moment.report is None:
        return None
    return report_payload(moment.subject, moment.report, moment.ignored, moment.engine.book, moment.situation.event_ns)


PUBLISHED: Final = Published(REPORT, SECOND, _payload)
