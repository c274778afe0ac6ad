"""What a command is to the processor: how it is written, what it means, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.formats import Dataset
    from processor.replay.playback import Playback
    from processor.settings import Settings

GivenT = TypeVar("GivenT")


@dataclass(frozen=True, slots=True)
class Switch:
    """Another dataset or instrument, which another session shows: from `at_ns` (since the Unix epoch), or its start."""

    dataset: Dataset
    settings: Settings
    at_ns: int | None = None


class Action(Protocol):
    """What a command asks for, with its words turned into numbers; two that ask for the same are equal."""

    def carry_out(self, playback: Playback) -> Switch | None:
        """Do it; where another session has to go on, return which. The executor undoes what is raised from.

        Raises:
            SettingError: it cannot be done with this dataset, or not from here.
            Interrupted: a stop is requested, or a newer command waits.
            DatasetError: the dataset cannot be read there.
        """


class Form(NamedTuple):
    """One way to write a command: `words` on a command line, or `arguments` in the control file (Markdown).

    `effect` is what it then does. The help of `processor control` and the tables of docs/ are made of forms.
    """

    words: str
    arguments: str
    effect: str


@dataclass(frozen=True, slots=True)
class CommandEntry(Generic[GivenT]):
    """All that the processor knows of one command.

    `kind` is its type in the contract. `from_words` makes the command's arguments of the words of a command line, and
    `parse` an action of the command; both raise SettingError for what they cannot use.
    """

    kind: type[GivenT]
    forms: tuple[Form, ...]
    from_words: Callable[[list[str]], dict[str, Any]]
    parse: Callable[[GivenT], Action]
