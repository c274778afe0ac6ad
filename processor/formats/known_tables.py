"""Tables of vendors that are recognised by their columns and need no mapping (docs/formats/known_tables.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats.mapped.columns import mapped
from processor.formats.mapped.tables import parts_of
from processor.formats.mapped.vendors import VENDORS, TableStart, start_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.mapped.columns import Mapped


class _KnownTables:
    name = "known-tables"
    title = f"tables of {', '.join(dict.fromkeys(vendor.title for vendor in VENDORS))}"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments in the file, or the one in its name, if it is a known vendor's table."""
        return frozenset().union(*(each.instruments() for each in _mapped(file, head)))

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file."""
        del report
        found = [each for file in files for each in _mapped(file, file.head())]
        return parts_of(found, instrument, clock)


FORMAT: Final = _KnownTables()


def _mapped(file: SourceFile, head: bytes) -> list[Mapped]:
    start: TableStart | None = start_of(file, head)
    if start is None:
        return []
    for vendor in VENDORS:
        known = vendor.table(start)
        if known is not None:
            return [mapped(file, head, known.kinds, known.table, known.rules)]
    return []
