"""From the text of an expression to its tree, or to an error that points at the word.

expression = term { "or" term }
term       = factor { "and" factor }
factor     = "not" factor | condition [ "for" duration ]
condition  = "(" expression ")" | event | number comparison value | number "crosses" [ "above" | "below" ] value
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, cast, get_args

from processor.core.alerts.names import HAPPENINGS, MEASURED, NAMES, NUMBERS, TRADED
from processor.core.alerts.tokens import tokens_of
from processor.core.alerts.tree import Both, Compare, Crosses, Either, Expression, Happens, Lasts, Operator, can_last
from processor.errors import ExpressionError, SettingError
from processor.units import NS_PER_DAY, NS_PER_HOUR, NS_PER_MS, NS_PER_SECOND
from shared.commands import MAX_ALERT_LENGTH, MAX_ALERTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from processor.core.alerts.tokens import Token
    from processor.core.alerts.tree import Node
    from processor.settings import Aggregation

UNITS_NS: Final = {
    "ms": NS_PER_MS,
    "s": NS_PER_SECOND,
    "m": 60 * NS_PER_SECOND,
    "h": NS_PER_HOUR,
}
LONGEST_NS: Final = 7 * NS_PER_DAY
_OPERATORS: Final = get_args(Operator)
_WORDS: Final = frozenset({"and", "or", "not", "for", "crosses", "above", "below"})
_COMPARISON: Final = f"{', '.join(_OPERATORS)} or crosses"
_JOINED: Final = "and, or, for, or the end"
_OFFERED: Final = ", ".join(
    [
        *TRADED,
        *(name for name in MEASURED if not name.startswith("depth_")),
        "depth_bid_bp_N or depth_ask_bp_N with N of 5, 10, 25, 100",
        *("sweep", "absorption", "wall", "divergence", "large_order"),
    ]
)


def parsed(text: str) -> Expression:
    """The expression that a text is; its own text has single spaces.

    Raises:
        ExpressionError: it is none.
    """
    text = " ".join(text.split())
    if len(text) > MAX_ALERT_LENGTH:
        expected = f"at most {MAX_ALERT_LENGTH} characters"
        raise ExpressionError(text[:20] + "…", "it goes on", MAX_ALERT_LENGTH + 1, expected)
    return Expression(text, _Parser(text).whole())


def all_parsed(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts of some expressions as they are shown, each once.

    Raises:
        ExpressionError: one of them is none.
        SettingError: there are too many.
    """
    found = tuple(dict.fromkeys(parsed(text).text for text in texts))
    if len(found) > MAX_ALERTS:
        raise SettingError("alerts", len(found), f"at most {MAX_ALERTS}")
    return found


def names_events(aggregation: Aggregation) -> bool:
    """Whether alerts that are asked for name events."""
    return "alerts" in aggregation.extras and any(parsed(text).events for text in aggregation.alerts)


@dataclass
class _Parser:
    text: str

    def __post_init__(self) -> None:
        self._tokens = tokens_of(self.text)
        self._at = 0
        self._joins: list[bool] = [False]
        """Whether `and`, `or` or `not` has come before, in the parentheses that are open."""

    def whole(self) -> Node:
        """The tree of all of it."""
        root = self._expression()
        if self._next.kind != "end":
            expected = "the end: there is no ( for it" if self._next.text == ")" else _JOINED
            self._refuse(expected)
        return root

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _takes(self, *texts: str) -> Token | None:
        """The next token, if it is one of these words or signs."""
        is_one = self._next.kind in {"name", "sign"} and self._next.text in texts
        return self._take() if is_one else None

    def _refuse(self, expected: str, token: Token | None = None) -> NoReturn:
        token = token or self._next
        what = f"unexpected {token.written!r}" if token.kind != "end" else "it ends"
        raise ExpressionError(self.text, what, token.column, expected)

    def _expression(self) -> Node:
        return self._joined("or", Either, lambda: self._joined("and", Both, self._factor))

    def _joined(self, word: str, kind: type[Both | Either], part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._takes(word):
            self._joins[-1] = True
            parts.append(part())
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def _factor(self) -> Node:
        if self._takes("not"):
            self._joins[-1] = True
            return self._factor().opposite()
        first = self._next
        condition = self._condition()
        word = self._takes("for")
        if word is None:
            return condition
        if self._joins[-1]:
            expected = "parentheses around what is to last: (a and b) for 5 s, or a and (b for 5 s)"
            self._refuse(expected, word)
        length_ns = self._duration()
        if not can_last(condition):
            what = f"{first.written!r} lasts no time"
            expected = "no 'for' after an event or a crossing; (not sweep) for 60 s waits until there was none"
            raise ExpressionError(self.text, what, first.column, expected)
        return Lasts(condition, length_ns)

    def _condition(self) -> Node:
        if self._takes("("):
            self._joins.append(False)
            inner = self._expression()
            if not self._takes(")"):
                self._refuse(") or and, or, for")
            self._joins.pop()
            return inner
        name = self._take()
        if name.kind != "name" or name.text in _WORDS:
            self._refuse("a name, not or (", name)
        if name.text in HAPPENINGS:
            if self._next.text in {*_OPERATORS, "crosses"}:
                self._refuse(f"{_JOINED}: {name.text} is an event, without a value", self._next)
            return Happens(name.text)
        if name.text not in NUMBERS:
            raise ExpressionError(self.text, f"unknown name {name.written!r}", name.column, _names(name.text))
        if self._takes("crosses"):
            way = self._takes("above", "below")
            up, down = way is None or way.text == "above", way is None or way.text == "below"
            return Crosses(name.text, self._value(), up=up, down=down)
        operator = self._takes(*_OPERATORS)
        if operator is None:
            self._refuse(f"{_COMPARISON} after {name.text}")
        return Compare(name.text, cast("Operator", operator.text), self._value())

    def _value(self) -> Fraction:
        sign = -1 if self._takes("-") else 1
        if self._next.kind != "number":
            self._refuse("a number")
        return sign * self._take().number

    def _duration(self) -> int:
        first = self._next
        expected = "a duration of up to seven days, such as 500 ms, 5 s, 2 m or 1 h"
        if first.kind != "number":
            self._refuse(expected)
        amount = self._take().number
        unit = self._takes(*UNITS_NS)
        if unit is None:
            self._refuse(f"one of {', '.join(UNITS_NS)}")
        length_ns = amount * UNITS_NS[unit.text]
        if length_ns.denominator != 1 or not 0 < length_ns <= LONGEST_NS:
            raise ExpressionError(self.text, f"no such duration {first.written} {unit.written}", first.column, expected)
        return int(length_ns)


def _names(unknown: str) -> str:
    """What can be named, and the name that is nearest to one that cannot."""
    near = difflib.get_close_matches(unknown, NAMES, n=1)
    return f"one of {_OFFERED}" + (f" (did you mean {near[0]}?)" if near else "")
