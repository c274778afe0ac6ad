from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from processor.errors import DatasetError
from processor.prefetch import prefetched

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_what_is_made_ahead_arrives_in_order_and_whole() -> None:
    assert list(prefetched(range(100))) == list(range(100))


def test_what_is_not_made_ahead_is_made_where_it_is_asked_for() -> None:
    made: list[int] = []
    closed: list[int] = []

    def make() -> Iterator[int]:
        try:
            for number in range(3):
                made.append(threading.get_ident())
                yield number
        finally:
            closed.append(threading.get_ident())

    items = prefetched(make(), 0)
    assert (next(items), made) == (0, [threading.get_ident()])
    items.close()
    assert closed == [threading.get_ident()]


def test_no_more_is_made_ahead_than_allowed() -> None:
    made: list[int] = []
    enough = threading.Event()

    def make() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            if number == 2:
                enough.set()
            yield number

    items = prefetched(make(), depth=2)
    assert next(items) == 0
    assert enough.wait(10)
    items.close()
    assert made == [0, 1, 2]


def test_an_error_behind_the_scenes_is_raised_after_the_items_before_it() -> None:
    def make() -> Iterator[int]:
        yield 1
        msg = "no more"
        raise DatasetError(msg)

    items = prefetched(make())
    assert next(items) == 1
    with pytest.raises(DatasetError, match="no more"):
        next(items)


def test_closing_ends_the_thread_and_closes_what_it_read() -> None:
    closed = threading.Event()

    def make() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    before = threading.active_count()
    items = prefetched(make())
    next(items)
    items.close()
    assert closed.is_set()
    assert threading.active_count() == before
