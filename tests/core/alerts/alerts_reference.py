"""Alerts, slowly and obviously: one step after another, in plain Python and fractions.

A condition is nested tuples: ("compare", name, operator, threshold), ("crosses", name, way, threshold),
("happens", name), ("not", a), ("and", a, b ...), ("or", a, b ...), ("for", a, ns). It shares no code with the
processor.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Tree = tuple[Any, ...]
Value = Fraction | float | None
Row = tuple[int, int, float | None, float | None]

DAY: Final = 86_400 * 10**9
OPERATORS: Final = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Step:
    """What comes at a time: numbers that are others from now on, or an event with its names and its size."""

    time_ns: int
    values: dict[str, Value] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    size: float | None = None


@dataclass
class Reference:
    """Holds a condition against steps in order."""

    tree: Tree
    rows: list[Row] = field(default_factory=list)
    _values: dict[str, Value] = field(default_factory=dict)
    _crossed: dict[str, tuple[Value, Value]] = field(default_factory=dict)
    _names: frozenset[str] = frozenset()
    _size: float | None = None
    _since: dict[int, int] = field(default_factory=dict)
    _now_ns: int = 0
    _was_true: bool = False
    _has_begun: bool = False

    def take(self, steps: Sequence[Step], until_ns: int) -> list[Row]:
        """All times at which it becomes true up to `until_ns`."""
        for step in steps:
            if not self._has_begun:
                self._now_ns = step.time_ns
                self._look()
            self._pass(step.time_ns)
            self._now_ns, self._has_begun = step.time_ns, True
            self._crossed = {name: (self._values.get(name), value) for name, value in step.values.items()}
            self._values |= step.values
            self._names, self._size = step.names, step.size
            self._look()
            # What was for a moment is over.
            self._crossed, self._names, self._size = {}, frozenset(), None
            self._look()
        self._pass(until_ns)
        return self.rows

    def _pass(self, until_ns: int) -> None:
        """Look again whenever something has lasted for as long as it has to."""
        while self._has_begun:
            dues = [self._since[id(node)] + node[2] for node in lasting(self.tree) if id(node) in self._since]
            due_ns = min((due for due in dues if self._now_ns < due <= until_ns), default=None)
            if due_ns is None:
                return
            self._now_ns = due_ns
            self._look()

    def _look(self) -> None:
        is_true = self._holds(self.tree) is True
        if is_true and not self._was_true:
            whole = self.tree
            while whole[0] == "not" and whole[1][0] == "not":
                # What is denied twice is said.
                whole = whole[1][1]
            from_ns = self._since[id(whole)] if whole[0] == "for" else self._now_ns
            value = self._values.get(first) if (first := first_number(self.tree)) is not None else None
            if self._names & names_of(self.tree):
                value = self._size
            price = self._values.get("price")
            self.rows.append(
                (
                    self._now_ns,
                    from_ns,
                    None if value is None else float(value),
                    None if price is None else float(price),
                )
            )
        self._was_true = is_true

    def _holds(self, tree: Tree) -> bool | None:  # noqa: PLR0911 - one for each kind
        """True, false, or not known."""
        match tree:
            case ("compare", name, sign, threshold):
                value = self._values.get(name)
                return None if value is None else OPERATORS[sign](value, alike(value, threshold))
            case ("crosses", name, way, threshold):
                before, after = self._crossed.get(name, (None, None))
                if before is None or after is None:
                    return False
                level = alike(after, threshold)
                up, down = before < level <= after, before > level >= after
                return (up and way != "below") or (down and way != "above")
            case ("happens", name):
                return name in self._names
            case ("not", part):
                found = self._holds(part)
                return None if found is None else not found
            case ("and", *parts):
                every = [self._holds(part) for part in parts]
                return False if False in every else None if None in every else True
            case ("or", *parts):
                every = [self._holds(part) for part in parts]
                return True if True in every else None if None in every else False
            case ("for", part, length_ns):
                if self._holds(part) is True:
                    return self._since.setdefault(id(tree), self._now_ns) + int(length_ns) <= self._now_ns
                self._since.pop(id(tree), None)
                return False
        raise AssertionError(tree)


def alike(value: Value, threshold: Fraction) -> Fraction | float:
    """Measures of the book are floats, and so is what they are compared with."""
    return float(threshold) if isinstance(value, float) else threshold


def parts_of(tree: Tree) -> Iterator[Tree]:
    for part in tree[1:]:
        if isinstance(part, tuple):
            yield part


def lasting(tree: Tree) -> Iterator[Tree]:
    for part in parts_of(tree):
        yield from lasting(part)
    if tree[0] == "for":
        yield tree


def leaves(tree: Tree) -> Iterator[Tree]:
    parts = list(parts_of(tree))
    if not parts:
        yield tree
    for part in parts:
        yield from leaves(part)


def first_number(tree: Tree) -> str | None:
    return next((str(leaf[1]) for leaf in leaves(tree) if leaf[0] != "happens"), None)


def names_of(tree: Tree) -> set[str]:
    return {str(leaf[1]) for leaf in leaves(tree) if leaf[0] == "happens"}


def can_last(tree: Tree, *, negated: bool = False) -> bool:
    """Whether a condition can hold longer than a moment, or where `negated` its opposite can."""
    match tree:
        case ("crosses" | "happens", *_):
            return negated
        case ("not", part):
            return can_last(part, negated=not negated)
        case ("and" | "or" as word, *parts):
            every = [can_last(part, negated=negated) for part in parts]
            return any(every) if (word == "or") != negated else all(every)
    return True


def written(tree: Tree) -> str:
    """The condition as a user writes it, with all parentheses."""
    match tree:
        case ("compare", name, sign, threshold):
            return f"{name} {sign} {decimal(threshold)}"
        case ("crosses", name, way, threshold):
            return f"{name} crosses {way} {decimal(threshold)}"
        case ("happens", name):
            return str(name)
        case ("not", part):
            return f"not ({written(part)})"
        case ("for", part, length_ns):
            return f"({written(part)}) for {decimal(Fraction(length_ns, 10**6))} ms"
        case (word, *parts):
            return f" {word} ".join(f"({written(part)})" for part in parts)
    raise AssertionError(tree)


def decimal(number: Fraction) -> str:
    digits = 0
    while (number * 10**digits).denominator != 1:
        digits += 1
    whole = abs(int(number * 10**digits))
    text = str(whole).rjust(digits + 1, "0")
    return ("-" if number < 0 else "") + (f"{text[:-digits]}.{text[-digits:]}" if digits else text)


def traded_steps(
    trades: Sequence[tuple[int, Fraction, Fraction, int]], begin_of: Any, session_ns: int, *, daily: bool
) -> Iterator[tuple[int, dict[str, Value]]]:
    """After each trade (time, price, size, side) the numbers of trades."""
    for number, (time_ns, price, size, _) in enumerate(trades):
        so_far = trades[: number + 1]
        bar = [each for each in so_far if begin_of(each[0]) == begin_of(time_ns)]
        session = [each for each in so_far if (each[0] - session_ns) // DAY == (time_ns - session_ns) // DAY]
        yield (
            time_ns,
            {
                "price": price,
                "size": size,
                "delta": delta(bar),
                "volume": sum((each[2] for each in bar), Fraction(0)),
                "session_delta": delta(session),
                "session_volume": sum((each[2] for each in session), Fraction(0)),
                "cvd": delta(session if daily else so_far),
            },
        )


def delta(trades: Sequence[tuple[int, Fraction, Fraction, int]]) -> Fraction:
    return sum((size * side for _, _, size, side in trades), Fraction(0))
