"""What a format module provides.

A format is one module here with a `FORMAT` object of the protocol below, one line in `registry.MODULES`, and one
page in docs/formats/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from processor.core.merge.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile


def part_of_all(files: Sequence[SourceFile], read: Callable[[Report], Iterator[Batch]]) -> Part:
    """Files that continue each other, as one part; the caller adds all other fields."""
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return Part(name=f"{files[0].name}{more}", size_bytes=sum(file.size_bytes for file in files), read=read)


class Format(Protocol):
    """One vendor's format."""

    @property
    def name(self) -> str:
        """Short name, as `inspect` and status.json show it."""

    @property
    def title(self) -> str:
        """One line about the format, for the error that lists the known formats."""

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments in `file` as far as its head shows them; empty if the file is not of this format.

        Raises:
            NothingToReplay: the file is of this vendor, but has neither trades nor a book.
        """

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """The data of `instrument` in `files`, in parts that can be read separately.

        Times are of `clock` ("exchange" or "local"; a vendor with one clock uses it for both). Rows of other
        instruments are skipped. Files left out are reported to `report`; sequence, duplicate and malformed-row findings
        go to the report that a part is read with.

        Raises:
            DatasetError: the files do not fit together; while a part is read, when a file turns out unusable.
        """
