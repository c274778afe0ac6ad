"""The file that a table is written to."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES: Final = (".parquet", ".csv")


def write_table(rows: pl.DataFrame, out: Path) -> None:
    """Write `rows` to a .parquet or .csv file, whole or not at all.

    Raises:
        SettingError: the suffix is neither, or the file cannot be written.
    """
    check_out(out)
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                if out.suffix.lower() == ".parquet":
                    rows.write_parquet(file)
                else:
                    rows.write_csv(file)
            temporary.replace(out)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, pl.exceptions.ComputeError) as error:
        raise _unwritable(out, error) from error


def check_out(out: Path) -> None:
    """Refuse an output file that is neither Parquet nor CSV or cannot be written, before any work is done.

    Raises:
        SettingError: it says which of these.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise SettingError("out", str(out), "a file that ends in .parquet or .csv")
    try:
        if out.is_dir():
            raise SettingError("out", str(out), "a file, and this is a folder")
        folder = next(parent for parent in out.absolute().parents if parent.exists())
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: Exception) -> SettingError:
    reason = error.strerror if isinstance(error, OSError) else None
    return SettingError("out", str(out), f"a file that can be written ({reason or error})")
