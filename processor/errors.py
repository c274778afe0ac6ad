"""The errors of the processor; each message is a sentence for the user.

ProcessorError
├── SettingError          an option has a value that cannot be used
│   └── ExpressionError   an alert is written in a way that means nothing
├── FanOutFailed          work could not be distributed to processes or a cluster
└── DatasetError          the dataset cannot be replayed
    ├── UnknownFormat     no file is of a known format
    ├── NothingToReplay   a file of a known vendor has neither trades nor a book
    ├── TooManyMalformed  more than 1 % of a file's rows, or all of them, do not parse
    ├── ScaleOverflow     its numbers need more digits than 64 bits hold
    └── Disordered        its rows are too far out of order; it has to be sorted and read again
"""

from __future__ import annotations


class ProcessorError(Exception):
    """Base of every error that a user of the processor can cause and fix."""


class SettingError(ProcessorError):
    """An option has a value that cannot be used."""

    def __init__(self, option: str, value: object, expected: str) -> None:
        super().__init__(f"invalid {option} {value!r}: expected {expected}")
        self.option = option
        self.value = value
        self.expected = expected


class ExpressionError(SettingError):
    """The expression of an alert means nothing; `column` is where the word stands that is wrong, from 1 on."""

    def __init__(self, text: str, what: str, column: int, expected: str) -> None:
        super().__init__("alert", text, expected)
        self.args = (f"invalid alert {text!r}: {what} at column {column}: expected {expected}",)
        self.column = column


class FanOutFailed(ProcessorError):
    """Work could not be distributed to processes or a cluster; the message says why."""


class DatasetError(ProcessorError):
    """The dataset cannot be replayed."""


class UnknownFormat(DatasetError):
    """No file of the dataset is of a known format."""


class NothingToReplay(DatasetError):
    """A file is of a known vendor, but has neither trades nor a book; the message says what it has."""


class TooManyMalformed(DatasetError):
    """Too many rows of a file do not parse, so the rest cannot be trusted."""


class ScaleOverflow(DatasetError, OverflowError):
    """Prices or sizes together need more digits than 64 bits hold."""


class Disordered(DatasetError):
    """The rows of a part are too far out of order to be sorted in memory: the part is sorted on disk and read again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: its rows are too far out of order; run the command again, and they are sorted first")
        self.name = name


def first_line(error: ProcessorError) -> str:
    """The first line of an error: the others quote the files, and who may steer need not be one who may read."""
    return str(error).partition("\n")[0].rstrip(":")
