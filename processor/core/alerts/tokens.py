"""The words of an expression, each with the column it starts at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from processor.errors import ExpressionError

Kind = Literal["name", "number", "sign", "end"]

_SIGNS: Final = {"==": "=", "≥": ">=", "≤": "<=", "≠": "!=", "−": "-"}
"""Other ways to write one."""
_TOKEN: Final = re.compile(
    r"(?P<number>\d[\d,]*(?:\.\d+)?|\.\d+)|(?P<name>[^\W\d]\w*)|(?P<sign>>=|<=|==|!=|[><=≥≤≠()\-−])|(?P<space>\s+)"
)
_GROUPED: Final = re.compile(r"\d+|\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign; `text` as it means, `written` as it stands there, `column` from 1 on."""

    kind: Kind
    text: str
    written: str
    column: int

    @property
    def number(self) -> Fraction:
        """The number that it is, exactly."""
        return Fraction(self.text)

    @property
    def end(self) -> int:
        """The column after it."""
        return self.column + len(self.written)


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, and one for its end.

    Raises:
        ExpressionError: there is what is no token.
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ExpressionError(text, f"unexpected {text[at]!r}", at + 1, "a name, a number, a comparison or ()")
        written = token[0]
        if token["number"]:
            whole = written.partition(".")[0]
            if whole and not _GROUPED.fullmatch(whole):
                expected = "thousands in groups of three, such as 61,800"
                raise ExpressionError(text, f"odd number {written!r}", at + 1, expected)
            found.append(Token("number", written.replace(",", ""), written, at + 1))
        elif token["name"]:
            found.append(Token("name", written.lower(), written, at + 1))
        elif token["sign"]:
            found.append(Token("sign", _SIGNS.get(written, written), written, at + 1))
        at = token.end()
    found.append(Token("end", "", "", len(text) + 1))
    return found
