"""What can go wrong at the file exchange.

ContractError
├── MalformedFile         a file's bytes are not what the contract says
│   └── MalformedCommand  the control file holds no command that can be carried out
├── WriterLocked          another process already writes into the directory
└── WriteFailed           the operating system refused a write
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ContractError(Exception):
    """Base of every error of the file exchange."""


class MalformedFile(ContractError):
    """A file's bytes are not what the contract says."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class MalformedCommand(MalformedFile):
    """The control file holds no command that can be carried out; `id` is its id where one could be read.

    `half_written`: it may still become one, as where its writer does not replace it atomically.
    """

    def __init__(self, command_id: str | None, reason: str, *, half_written: bool = False) -> None:
        super().__init__("control.json", reason)
        self.id = command_id
        self.half_written = half_written


class WriterLocked(ContractError):
    """Another process already writes into the directory."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"{directory} already has a writer ({holder or 'unknown process'}): "
            "stop it first, or give this one a directory of its own"
        )
        self.directory = directory
        self.holder = holder


class WriteFailed(ContractError):
    """The operating system refused a write; the previous file is untouched."""

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(f"cannot write {path}: {cause.strerror or cause}")
        self.path = path
        self.cause = cause
