"""The words of a command line, made into the arguments of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from processor.errors import SettingError
from processor.settings import at_least

if TYPE_CHECKING:
    from collections.abc import Callable


def expect(words: list[str], counts: tuple[int, ...], name: str, expected: str) -> None:
    """Refuse another number of words than one of `counts`.

    Raises:
        SettingError: there are more or fewer.
    """
    if len(words) not in counts:
        raise SettingError(name, " ".join(words), expected)


def no_words(words: list[str]) -> dict[str, Any]:
    """The arguments of a command that has none.

    Raises:
        SettingError: there are words.
    """
    expect(words, (0,), "words", "none after this action")
    return {}


def one_word(name: str, expected: str, read: Callable[[str], object] = str) -> Callable[[list[str]], dict[str, Any]]:
    """How the single word of a command becomes its argument `name`."""

    def from_words(words: list[str]) -> dict[str, Any]:
        expect(words, (1,), name.replace("_", "-"), expected)
        return {name: read(words[0])}

    return from_words


def whole_number(name: str, text: str, lowest: int, highest: int) -> int:
    """A whole number within bounds.

    Raises:
        SettingError: it is not one.
    """
    try:
        value = int(text)
    except ValueError:
        raise SettingError(name, text, "a whole number") from None
    return at_least(name, value, lowest, highest)
