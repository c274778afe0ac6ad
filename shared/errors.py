"""What can go wrong at the file exchange.

ContractError
├── MalformedFile    a file's bytes are not what the contract says
├── WriterLocked     another process already writes into the directory
└── WriteFailed      the operating system refused a write
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
