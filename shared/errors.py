"""The errors of the file exchange.

ContractError
├── MalformedFile         a file does not follow the contract
│   └── MalformedCommand  the control file has no valid command
├── MalformedStill        a zip is no still picture
├── WriterLocked          another process already writes into the directory
├── LockLost              the lock was removed, and another process has become the writer
└── WriteFailed           the operating system refused a write
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ContractError(Exception):
    """Base of every error of the file exchange."""


class MalformedFile(ContractError):
    """A file does not follow the contract."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class MalformedCommand(MalformedFile):
    """The control file has no valid command; `id` is the command's id if it could be read.

    `half_written`: the file may still become valid, if its writer does not replace it atomically.
    """

    def __init__(self, command_id: str | None, reason: str, *, half_written: bool = False) -> None:
        super().__init__("control.json", reason)
        self.id = command_id
        self.half_written = half_written


class MalformedStill(ContractError):
    """A zip is no still picture of a replay; the message says why."""


class WriterLocked(ContractError):
    """Another process already writes into the directory."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"{directory} already has a writer ({holder or 'unknown process'}): stop it first, or use another directory"
        )
        self.directory = directory
        self.holder = holder


class LockLost(ContractError):
    """The lock file was removed or replaced while this process was writing, and another one holds it now."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"{directory} has another writer by now ({holder or 'unknown process'}), as its lock file was removed: "
            "this one stops; let one of them write into another directory"
        )
        self.directory = directory
        self.holder = holder


class WriteFailed(ContractError):
    """The operating system refused a write; the previous file is untouched."""

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(f"cannot write {path}: {cause.strerror or cause}")
        self.path = path
        self.cause = cause
