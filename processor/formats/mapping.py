"""Tables of any layout that a file `mapping.toml` describes (docs/formats/mapping.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.formats.disk.files import nearest_content
from processor.formats.mapped import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.merge.parts import Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.mapped.columns import Mapped


class _Generic:
    name = "mapping"
    title = f"tables of trades, of a book or of orders (CSV, Parquet, Arrow, JSON), with a file {FILE_NAME} beside them"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instrument that the mapping names, or those in the column that it names, as far as the head shows.

        Raises:
            DatasetError: the mapping is invalid, or the file lacks columns that it names.
        """
        return frozenset().union(*(each.instruments() for each in _mapped(file, head)))

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file, and one for all logs of orders.

        Raises:
            DatasetError: files mapped to one instrument have names that suggest several.
        """
        from processor.formats.mapped.tables import parts_of_one  # noqa: PLC0415 - see _mapped

        del report
        return parts_of_one([each for file in files for each in _mapped(file, file.head())], instrument, clock)


FORMAT: Final = _Generic()


def _mapped(file: SourceFile, head: bytes) -> list[Mapped]:
    """The file by the nearest mapping file: beside it, or above it within its archive or the dataset."""
    content = None if file.base_name == FILE_NAME or not head else nearest_content(file, FILE_NAME)
    if content is None:
        return []
    # Most datasets have no mapping, and the modules that read one are slow to import.
    from processor.formats.mapped.tables import mapped_by  # noqa: PLC0415

    return mapped_by(content, file, head)
