"""A condition as a tree. There is no node for `not`: it is pushed down to the leaves when the tree is made.

So whatever is not known yet makes nothing true: a comparison of it is false, and so is the opposite comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from processor.core.alerts.names import HAPPENINGS, MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

Operator = Literal[">", ">=", "<", "<=", "=", "!="]
OPPOSITE: Final[dict[Operator, Operator]] = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "=": "!=", "!=": "="}


@dataclass(frozen=True, slots=True)
class Compare:
    """A number beside a threshold."""

    name: str
    operator: Operator
    threshold: Fraction

    def opposite(self) -> Compare:
        """What holds where this does not, once the number is known."""
        return replace(self, operator=OPPOSITE[self.operator])


@dataclass(frozen=True, slots=True)
class Crosses:
    """A number reaches or passes a threshold at a step: from below where `up`, from above where `down`."""

    name: str
    threshold: Fraction
    up: bool
    down: bool
    negated: bool = False

    def opposite(self) -> Crosses:
        """It does not."""
        return replace(self, negated=not self.negated)


@dataclass(frozen=True, slots=True)
class Happens:
    """An event becomes known at a step."""

    name: str
    negated: bool = False

    def opposite(self) -> Happens:
        """It does not."""
        return replace(self, negated=not self.negated)


@dataclass(frozen=True, slots=True)
class Lasts:
    """A condition has held for so long without a break."""

    condition: Node
    length_ns: int
    negated: bool = False

    def opposite(self) -> Lasts:
        """It has not."""
        return replace(self, negated=not self.negated)


@dataclass(frozen=True, slots=True)
class Both:
    """All of some conditions."""

    parts: tuple[Node, ...]

    def opposite(self) -> Either:
        """One of them does not hold."""
        return Either(tuple(part.opposite() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of some conditions."""

    parts: tuple[Node, ...]

    def opposite(self) -> Both:
        """None of them holds."""
        return Both(tuple(part.opposite() for part in self.parts))


Node = Compare | Crosses | Happens | Lasts | Both | Either


def can_last(node: Node) -> bool:
    """Whether a condition can hold longer than the moment of an event or of a crossing."""
    match node:
        case Both(parts):
            return all(map(can_last, parts))
        case Either(parts):
            return any(map(can_last, parts))
        case Crosses() | Happens():
            return node.negated
        case _:
            return True


def leaves(node: Node) -> Iterator[Compare | Crosses | Happens]:
    """The conditions that have no others in them, in the order in which they are written."""
    match node:
        case Both(parts) | Either(parts):
            for part in parts:
                yield from leaves(part)
        case Lasts(condition):
            yield from leaves(condition)
        case _:
            yield node


def lasting(node: Node) -> Iterator[Lasts]:
    """The conditions that have to last, those within others first."""
    match node:
        case Both(parts) | Either(parts):
            for part in parts:
                yield from lasting(part)
        case Lasts(condition):
            yield from lasting(condition)
            yield node


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition with the text it was written as."""

    text: str
    root: Node

    @property
    def number(self) -> str | None:
        """The first number that it names, whose value an alert tells; None for none."""
        return next((leaf.name for leaf in leaves(self.root) if not isinstance(leaf, Happens)), None)

    @property
    def measures(self) -> frozenset[str]:
        """The measures of the book that it names."""
        return frozenset(leaf.name for leaf in leaves(self.root) if leaf.name in MEASURED)

    @property
    def events(self) -> frozenset[str]:
        """The names of events in it."""
        return frozenset(leaf.name for leaf in leaves(self.root) if leaf.name in HAPPENINGS)
