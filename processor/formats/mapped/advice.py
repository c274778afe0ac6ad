"""The mapping file that a refusal suggests for an unknown table, as complete as its columns allow."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from processor.formats.mapped.frames import is_frame
from processor.formats.mapped.groups import Group, group_of
from processor.formats.mapped.guessed_times import Times, times_of
from processor.formats.mapped.guesses import EXCHANGES, SYMBOLS, Guess, guess_of
from processor.formats.mapped.json_rows import is_flat, is_json
from processor.formats.mapped.mapping_file import BOOK, ORDERS, TRADES
from processor.formats.mapped.names import partitions_of, stem_of
from processor.formats.mapped.samples import Sample, sample_of
from processor.formats.mapped.time_shapes import is_date_alone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from processor.formats.disk.files import SourceFile

_OF_TRADES: Final = ("id", "price", "size", "side")
_OF_ORDERS: Final = ("id", "action", "side", "price", "size")
_OF_BOOK: Final = ("price", "size", "side", "snapshot")
_WIDTH: Final = 28
_LOOKED_AT: Final = 2048
"""Bytes read to see whether a file has times: there may be thousands of files."""
_FRACTIONS: Final = re.compile(r"(ms|msec|milli|us|usec|micro|ns|nsec|nano|frac)[a-z]*")
_WORDS_OF_TRADES: Final = {"trade", "trades", "t"}
_WORDS_OF_QUOTES: Final = {"quote", "quotes", "q", "bbo", "book", "l2"}


def may_be_mapped(start: bytes) -> bool:
    """Whether a file that starts with `start` may be a table that a mapping could describe."""
    if is_json(start):
        return is_flat(start)
    return is_frame(start) or (b"\n" in start and b"\0" not in start)


def is_table(file: SourceFile, head: bytes) -> bool:
    """Whether a file of no known format has columns, and times in one of them."""
    sample = sample_of(file, head if is_frame(head) else head[:_LOOKED_AT])
    if sample is None:
        return False
    times = times_of(sample, [name for name in sample.names if name], file.name)
    return times.line is not None or not sample.typed.isdisjoint(times.columns)


def example(file: SourceFile, head: bytes, others: Iterable[SourceFile] = ()) -> str:
    """A suggested mapping file for a file of unknown layout, with its columns filled in as far as they are clear.

    It covers those of `others` that have the same columns, and has separate tables for the rest.
    """
    tables: list[tuple[str, list[str]]] = []
    remarks: list[str] = []
    rest, all_files = list(others), [file, *others]
    while True:
        sample = sample_of(file, head) or Sample((), ())
        guess = guess_of(sample, file.name)
        alike = [each for each in rest if _is_alike(each, file, sample)]
        group = group_of(file, alike, [each for each in all_files if each is not file and each not in alike])
        remarks += _remarks(sample, guess)
        tables += [(kind, list(_table(group, sample, guess, kind))) for kind in _kinds(guess)]
        rest = [each for each in rest if each not in alike and is_table(each, each.head())]
        if not rest:
            break
        file, *rest = rest
        head = file.head()
    kinds = Counter(kind for kind, _ in tables)
    lines = (line for kind, rows in tables for line in (f"[[{kind}]]" if kinds[kind] > 1 else f"[{kind}]", *rows))
    return "\n".join((*remarks, *lines))


def _remarks(sample: Sample, guess: Guess) -> Iterator[str]:
    """Comments on what a mapping cannot express about a table."""
    if guess.bars:
        yield "# If these rows are bars, each is read as one trade at its close: give trades instead."
    if guess.split_levels is not None:
        yield f"# By {_text(guess.split_levels)}, a row is one level of both sides, which is not supported: write"
        yield "# all levels in one row, or one row for each level of a side."
    rest = [name for name in sample.names if name not in {*guess.times.columns, guess.times.local}]
    fractions = [name for name in rest if _FRACTIONS.fullmatch(name.lower())]
    yield from (
        f"# Fractions of a second in {_text(name)} are not read: write one column of times." for name in fractions
    )
    kinds = [name for name in sample.names if _holds_several_kinds(sample.words(name))]
    yield from (f"# If {_text(name)} separates trades from quotes, put each kind into its own file." for name in kinds)


def _holds_several_kinds(words: Sequence[str]) -> bool:
    lower = {word.lower() for word in words}
    return bool(lower & _WORDS_OF_TRADES) and bool(lower & _WORDS_OF_QUOTES)


def _kinds(guess: Guess) -> list[str]:
    """The kinds of rows in a table."""
    if "action" in guess.columns:
        return [ORDERS]
    if guess.lists or guess.levels:
        return [TRADES, BOOK] if {"price", "size"} <= guess.columns.keys() else [BOOK]
    return [BOOK] if "bid" in guess.words or "ask" in guess.words else [TRADES]


def _is_alike(other: SourceFile, file: SourceFile, sample: Sample) -> bool:
    """Whether another file is of the same kind and has the same columns."""
    if file.base_name.removeprefix(stem_of(file)) != other.base_name.removeprefix(stem_of(other)):
        return False
    found = sample_of(other, other.head())
    return found is not None and found.names == sample.names and found.delimiter == sample.delimiter


def _table(group: Group, sample: Sample, guess: Guess, kind: str) -> Iterator[str]:
    partitions = partitions_of(group.file)
    symbol = next((key for key in partitions if key.lower() in SYMBOLS), None)
    exchange = next((key for key in partitions if key.lower() in EXCHANGES), None)
    like_it = group.pattern if symbol is None else "*." + group.pattern.rpartition(".")[2]
    yield f"files = {_text(like_it)}"
    several = guess.exchange is not None and len(set(sample.values(guess.exchange))) > 1
    if guess.symbol is not None:
        yield f"instrument_column = {_name(guess.symbol, sample)}"
    elif symbol is not None:
        yield _with(f"instrument_column = {_text(symbol)}", f"from the folders {symbol}=...")
    elif several and guess.exchange is not None:
        yield f"instrument_column = {_name(guess.exchange, sample)}"
        exchange, guess.exchange = None, None
    elif group.instrument_pattern is not None:
        yield _with(f"instrument_pattern = {_text(group.instrument_pattern)}", "what the group matches in a path")
    else:
        yield _with(f"instrument = {_text(group.instrument)}", 'a name, or "{stem}" (file name), or instrument_column')
    if guess.symbol is not None or symbol is not None:
        if guess.exchange is not None:
            yield f"exchange_column = {_name(guess.exchange, sample)}"
        elif exchange is not None:
            yield _with(f"exchange_column = {_text(exchange)}", f"from the folders {exchange}=...")
    if sample.delimiter not in {None, ","}:
        yield f"delimiter = {_text(sample.delimiter or '')}"
    if not sample.header:
        yield _with("header = false", "columns by their numbers, from 1")
    yield from _times(sample, guess.times, partitions)
    yield from _columns(kind, sample, guess)


def _times(sample: Sample, times: Times, partitions: dict[str, str]) -> Iterator[str]:
    day = next((key for key, value in partitions.items() if is_date_alone(value)), None)
    if times.line is None and day is not None and len(times.columns) == 1 and times.columns[0] not in sample.typed:
        yield _with(f"time = [{_text(day)}, {_name(times.columns[0], sample)}]", f"the day from the folders {day}=...")
        return
    if len(times.columns) > 1:
        yield f"time = [{', '.join(_name(name, sample) for name in times.columns)}]"
    else:
        yield f"time = {_name(times.columns[0], sample) if times.columns else _text('time')}"
    if times.local is not None:
        yield _with(f"local_time = {_name(times.local, sample)}", "the recorder's clock")
    if times.line:
        is_unit = times.line.startswith("time_unit") and "iso" not in times.line
        forms = 's, ms, us, ns, iso, or format = "%d.%m.%Y %H:%M:%S"'
        has_zone = "%z" in times.line or times.zone is not None
        remark = (
            forms if is_unit else None if has_zone else 'in UTC unless it names a zone; or add zone = "Europe/Berlin"'
        )
        yield times.line if remark is None else _with(times.line, remark)
    if times.zone is not None:
        yield _with(f"zone = {_text(times.zone)}", "as the column's name says")


def _columns(kind: str, sample: Sample, guess: Guess) -> Iterator[str]:
    if kind == BOOK and guess.lists:
        for key, columns in zip(("bids", "asks"), guess.lists, strict=True):
            shown = [_name(name, sample) for name in columns]
            yield (
                _with(f"{key} = {shown[0]}", "each price, size, ...")
                if len(shown) == 1
                else f"{key} = [{', '.join(shown)}]"
            )
        if "snapshot" in guess.columns:
            yield f"snapshot = {_name(guess.columns['snapshot'], sample)}"
            yield from (f"{key} = {_text(words[0])}" for key, words in guess.words.items())
        return
    if kind == BOOK and guess.split_levels is not None:
        return
    if kind == BOOK and guess.levels:
        levels = ", ".join(f"[{', '.join(_name(name, sample) for name in level)}]" for level in guess.levels)
        yield f"levels = [{levels}]"
        return
    keys = {TRADES: _OF_TRADES, BOOK: _OF_BOOK, ORDERS: _OF_ORDERS}[kind]
    for key in keys:
        column = guess.columns.get(key)
        if column is not None:
            yield f"{key} = {_name(column, sample)}"
        elif key in {"price", "size"}:
            yield _with(f"{key} = {_text(key)}", "which column is it?")
    yield from _words(kind, sample, guess)


def _words(kind: str, sample: Sample, guess: Guess) -> Iterator[str]:
    for key, words in guess.words.items():
        if key:
            yield f"{key} = {_text(words[0]) if len(words) == 1 else _list(words)}"
    if kind == ORDERS and "created" not in guess.words:
        actions = ", ".join(map(_text, sample.words(guess.columns["action"])))
        yield f"# which of {actions} mean created, changed, deleted? add them"
    if guess.unsure is not None and kind == TRADES:
        both = " and ".join(map(_text, sample.words(guess.unsure)))
        yield _with(f"# side = {_name(guess.unsure, sample)}", f"which of {both} is the buyer?")
    if kind == BOOK and guess.snapshots:
        yield _with("snapshot = true", "the rows of one time are the whole book; remove this if they are changes")


def _name(column: str, sample: Sample) -> str:
    return _text(column) if sample.header else column


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"


def _text(value: str) -> str:
    """A TOML string; characters that it cannot hold are left out."""
    shown = "".join(letter for letter in value if letter.isprintable() or letter == "\t")
    return json.dumps(shown, ensure_ascii=False)


def _with(line: str, comment: str) -> str:
    return f"{line.ljust(_WIDTH)} # {comment}"
