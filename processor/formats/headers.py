"""Headers that name the columns of a file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from processor.errors import DatasetError
from processor.formats import text
from processor.formats.kernels import KIND_ONLY, KIND_SKIP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.files import SourceFile
    from processor.formats.text import Column


def layout_of(file: SourceFile, columns: Sequence[Column]) -> text.Layout:
    """The layout of a file whose header gave these columns.

    Raises:
        DatasetError: a column that is read stands there twice, so that nothing tells which is meant.
    """
    named = Counter(column.name for column in columns if column.kind not in {KIND_SKIP, KIND_ONLY})
    twice = next((name for name, count in named.items() if count > 1), None)
    if twice is not None:
        msg = f"{file.name}: the header names the column {twice} twice; keep the one that is meant"
        raise DatasetError(msg)
    return text.Layout(columns)
