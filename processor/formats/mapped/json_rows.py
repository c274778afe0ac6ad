"""JSON as lines of fields: a list of rows, or one row per line, each a list or a flat object."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.errors import DatasetError
from processor.formats.disk.packing import BOM, HEAD_BYTES, Block
from processor.formats.mapped.contents import FEW, Content, values_of
from processor.formats.mapped.mapping_file import clipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from processor.formats.disk.files import SourceFile

_SEPARATOR: Final = "\x1f"
_ROWS_AT_ONCE: Final = 8192
_SHOWN_LETTERS: Final = 40
_WHITE: Final = b" \t\r\n"
_TO_SPACES: Final = str.maketrans(dict.fromkeys("\n\r\x1f", " "))

_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)

_READER: Final = json.JSONDecoder(parse_float=str, parse_int=str)
_FIRST_ROWS: Final = 20
_BETWEEN: Final = ", \t\r\n"

_Fields = dict[str, str]


def is_json(head: bytes) -> bool:
    """Whether a file that starts with `head` is JSON."""
    return head.removeprefix(BOM).lstrip(_WHITE)[:1] in {b"[", b"{"}


def first_rows(head: bytes) -> list[_Fields]:
    """The whole rows in the `head` of a file, by names or numbers."""
    text = head.removeprefix(BOM).decode("utf-8", "replace").strip()
    at = 1 if _is_one_list(head) else 0
    found: list[_Fields] = []
    while at < len(text) and len(found) < _FIRST_ROWS:
        if text[at] in _BETWEEN:
            at += 1
            continue
        try:
            row, at = _READER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        fields = row if isinstance(row, dict) else dict(enumerate(row, 1)) if isinstance(row, list) else {}
        found.append({str(name): "" if value is None else str(value) for name, value in fields.items()})
    return found


def is_flat(start: bytes) -> bool:
    """Whether JSON that starts with `start` may be a table: a list of rows, or rows that contain only values."""
    if _is_one_list(start):
        return True
    fields = _fields(start.removeprefix(BOM).partition(b"\n")[0])
    return bool(fields) and not any(value[:1] == "{" for value in fields.values())


def content_of(file: SourceFile, head: bytes, used: Collection[str] | None) -> Content:
    """The used keys (None: all); the keys of rows that are lists are numbers.

    Raises:
        DatasetError: the file is not a JSON list of rows.
    """
    whole = _is_one_list(head)
    rows = [_fields(element) for element in (_elements(file) if whole else _lines_of(head))]
    known = dict.fromkeys(name for row in rows for name in row)
    names = tuple(name for name in known if used is None or name in used)
    fields = tuple(tuple(row.get(name, "") for name in names) for row in rows)
    return Content(
        names=names,
        known=tuple(known),
        delimiter=_SEPARATOR,
        header_lines=0,
        rows=fields[:FEW],
        head_rows=lambda: fields,
        unique=partial(values_of, names, lambda: fields),
        blocks=partial(_blocks_of_list if whole else _blocks_of_lines, file, names),
        last_rows=partial(_last_rows, file, names, whole=whole),
    )


def _is_one_list(head: bytes) -> bool:
    """Whether the file is one list of rows, not one row per line."""
    text = head.removeprefix(BOM).lstrip(_WHITE)
    return text[:1] == b"[" and text[1:].lstrip(_WHITE)[:1] in {b"[", b"{", b"]"}


def _lines_of(head: bytes) -> list[bytes]:
    lines = head.removeprefix(BOM).split(b"\n")
    if len(head) >= HEAD_BYTES:
        lines.pop()
    return [line for line in lines if line.strip()]


def _elements(file: SourceFile) -> Sequence[bytes]:
    content = b"".join(block.data for block in file.blocks()).removeprefix(BOM)
    try:
        return [bytes(element) for element in _ELEMENTS.decode(content)]
    except (msgspec.DecodeError, RecursionError) as error:
        msg = f"{file.name}: is not a JSON list of rows: {clipped(error)}"
        raise DatasetError(msg) from error


def _fields(element: bytes) -> _Fields:
    """The fields of a row by their names or numbers, as text; empty if it is not a row."""
    try:
        if element.lstrip(_WHITE)[:1] == b"[":
            return {str(number): _text(raw) for number, raw in enumerate(_ELEMENTS.decode(element), 1)}
        return {name: _text(raw) for name, raw in _OBJECT.decode(element).items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _text(raw: msgspec.Raw) -> str:
    shown = bytes(raw)
    if shown == b"null":
        return ""
    text = _TEXT.decode(shown) if shown[:1] == b'"' else shown.decode()
    return text.translate(_TO_SPACES)


def _line(element: bytes, names: Sequence[str]) -> str:
    fields = _fields(element)
    if not fields:
        return element[:_SHOWN_LETTERS].decode("utf-8", "backslashreplace").translate(_TO_SPACES).strip()
    return _SEPARATOR.join(fields.get(name, "") for name in names)


def _blocks_of_list(file: SourceFile, names: Sequence[str], _read_bytes: int | None) -> Iterator[Block]:
    elements = _elements(file)
    size_bytes = file.size_bytes
    for start in range(0, len(elements), _ROWS_AT_ONCE):
        some = elements[start : start + _ROWS_AT_ONCE]
        lines = "".join(f"{_line(element, names)}\n" for element in some)
        yield Block(lines.encode("utf-8", "replace"), size_bytes * (start + len(some)) // len(elements))


def _blocks_of_lines(file: SourceFile, names: Sequence[str], read_bytes: int | None) -> Iterator[Block]:
    rest = b""
    consumed = 0
    begun = False
    for block in file.blocks(read_bytes):
        *lines, rest = (rest + block.data).split(b"\n")
        consumed = block.consumed_bytes
        if lines and not begun:
            lines[0] = lines[0].removeprefix(BOM)
            begun = True
        text = "".join(f"{_line(line, names) if line.strip() else ''}\n" for line in lines)
        yield Block(text.encode("utf-8", "replace"), consumed, block.cut_off)
    if rest.strip():
        yield Block(f"{_line(rest.removeprefix(BOM), names)}\n".encode("utf-8", "replace"), consumed)


def _last_rows(file: SourceFile, names: Sequence[str], *, whole: bool) -> tuple[tuple[str, ...], ...]:
    if whole:
        return ()  # they are all among the first rows
    text = b""
    for block in _blocks_of_lines(file, names, None):
        text = (text + block.data)[-HEAD_BYTES:]
    return tuple(tuple(line.split(_SEPARATOR)) for line in text.decode("utf-8", "replace").split("\n")[1:] if line)
