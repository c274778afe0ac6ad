"""What can go wrong in the processor, each with the sentence its user reads.

ProcessorError
├── SettingError          an option has a value that cannot be used
├── FanOutFailed          work could not be spread over processes or a cluster
└── DatasetError          the dataset cannot be replayed
    ├── UnknownFormat     nothing in it is of a format that is understood
    ├── NothingToReplay   a file of a known vendor holds neither trades nor a book
    ├── TooManyMalformed  more than 1 % of a file's rows, or all of them, do not parse
    ├── ScaleOverflow     its numbers need more digits than 64 bits hold
    └── Disordered        its rows are further out of order than was foreseen; it has to be read again
"""

from __future__ import annotations


class ProcessorError(Exception):
    """Base of every error a user of the processor can cause and mend."""


class SettingError(ProcessorError):
    """An option has a value that cannot be used."""

    def __init__(self, option: str, value: object, expected: str) -> None:
        super().__init__(f"invalid {option} {value!r}: expected {expected}")
        self.option = option
        self.value = value
        self.expected = expected


class FanOutFailed(ProcessorError):
    """Work could not be spread over processes or a cluster; the message says why."""


class DatasetError(ProcessorError):
    """The dataset cannot be replayed."""


class UnknownFormat(DatasetError):
    """Nothing in the dataset is of a format that is understood."""


class NothingToReplay(DatasetError):
    """A file is of a vendor that is understood, but holds neither trades nor a book; the message says what it holds."""


class TooManyMalformed(DatasetError):
    """Too many rows of a file do not parse for the rest to be trusted."""


class ScaleOverflow(DatasetError, OverflowError):
    """Prices or sizes need more digits, together, than 64 bits hold."""


class Disordered(DatasetError):
    """The rows of a part are further out of order than can be held back: it has to be sorted, and all read again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: its rows are too far out of order; run the command again, and they are sorted first")
        self.name = name
