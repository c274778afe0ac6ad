"""Ways to spoil recorded files, as data: what happened to a disk, a spreadsheet, a recorder, or on the way."""

from __future__ import annotations

import bz2
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NUMBERS: Final = (
    b"", b"0", b"-0", b"-0.0", b"-1", b"1e5", b"1E-7", b"NaN", b"nan", b"inf", b"-inf", b"Infinity", b"1e309",
    b"1e999999999", b"9" * 19, b"9" * 40, b"9" * 5000, b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775808", b"-9223372036854775809", b"18446744073709551615", b"4294967295", b"0x10", b"1_000",
    b" 1", b"1 ", b"+1", b".5", b"5.", b".", b"-", b"00001.50", "\u0661\u0662".encode(), "\uff11".encode(),
    b"0.000000000001", b"0.0000000000001", b"1.00000000000000000000", b"123456789012.123456789012", b"1.2.3",
    b"0.30000000000000004", b"1,5", b"2 33.53", b"1.70027E+12",
)  # fmt: skip
TIMES: Final = (
    b"0", b"1", b"-1", b"1723161253", b"1723161253937", b"1723161253937085", b"1723161253937085768",
    b"4102444800000", b"253402300799999", b"1970-01-01T00:00:00Z", b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59.999999999Z", b"2262-04-11T23:47:16.854775807Z", b"2262-04-12T00:00:00Z",
    b"2024-02-30T00:00:00Z", b"2024-08-08T24:00:60Z", b"2024-08-08 00:00:00", b"2024-08-08T00:00:00+08:00",
    b"2024-08-08T13:00:00.000Z", b"08/08/2024 13:00",
)  # fmt: skip
WORDS: Final = (
    b"buy", b"sell", b"Buy", b"BUY", b"bid", b"ask", b"unknown", b"true", b"false", b"True", b"null", b"None", b"A",
    b"B", b"N", b"T", b"R", b"X", b"snapshot", b"update", b"yes", b"-", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xe4\xba\xa4", b"\x1b[31m", b"\r", b"\xe2\x80\xa8", b'"', b'""', b"'", b"\\", b"\\ud800", b"\\u0031", b",",
    b";", b"\t", b"a" * 70_000,
)  # fmt: skip
JSON: Final = (
    b"{}", b"[]", b"[[]]", b"[[[]]]", b'[["1","2"]]', b'[["1"]]', b'["12"]', b'[["1","2","3"]]', b"[[1,2]]",
    b'[["1","2"],]', b'[{"price":"1","size":"2"}]', b'[["[","]"]]', b'[["1","\\u0032"]]', b"[[null,null]]",
    b'[["1",["2"]]]', b'"[[1,2]]"', b"[" * 100_000, b'{"a":' * 50_000, b"[" * 300 + b"]" * 300, b'{"data":[]}',
    b'{"data":{}}', b'{"data":null}', b'{"e":"trade"}', b'"\\', b"[true,false]", b"-", b"1.", b"01",
)  # fmt: skip
FRAGMENTS: Final = (*NUMBERS, *TIMES, *WORDS, *JSON)

_SEPARATORS: Final = b',;"[]{}: \t'


@dataclass(frozen=True)
class Touch:
    """One thing done to content. `at`, `other` and `length` are taken modulo what there is.

    `fragment` is what it puts in, or the place of that in FRAGMENTS.
    """

    what: str
    at: int
    other: int = 0
    length: int = 1
    fragment: bytes | int = b""

    @property
    def piece(self) -> bytes:
        """What it puts in."""
        return FRAGMENTS[self.fragment] if isinstance(self.fragment, int) else self.fragment


def _field(line: bytes, at: int) -> tuple[int, int]:
    """Where one of the line's fields begins and ends."""
    bounds = [(0, 0)]
    start = 0
    for place in range(len(line) + 1):
        if place == len(line) or line[place] in _SEPARATORS:
            if place > start:
                bounds.append((start, place))
            start = place + 1
    fields = bounds[1:] or bounds
    return fields[at % len(fields)]


def _replaced(line: bytes, touch: Touch) -> bytes:
    start, end = _field(line, touch.other)
    return line[:start] + touch.piece + line[end:]


def _dropped(line: bytes, touch: Touch) -> bytes:
    start, end = _field(line, touch.other)
    return line[:start] + line[end + 1 :]


def _twice(line: bytes, touch: Touch) -> bytes:
    start, end = _field(line, touch.other)
    return line[:end] + line[max(start - 1, 0) : end] + line[end:]


def _swapped(line: bytes, touch: Touch) -> bytes:
    (start, end), (other, beyond) = sorted((_field(line, touch.other), _field(line, touch.length)))
    if end > other:
        return line
    return line[:start] + line[other:beyond] + line[end:other] + line[start:end] + line[beyond:]


def _cut(line: bytes, touch: Touch) -> bytes:
    return line[: touch.other % (len(line) + 1)]


def _inserted(line: bytes, touch: Touch) -> bytes:
    place = touch.other % (len(line) + 1)
    return line[:place] + touch.piece + line[place:]


def _bit(line: bytes, touch: Touch) -> bytes:
    if not line:
        return line
    place = touch.other % len(line)
    return line[:place] + bytes([line[place] ^ (1 << touch.length % 8)]) + line[place + 1 :]


IN_A_LINE: Final[dict[str, Callable[[bytes, Touch], bytes]]] = {
    "replace": _replaced,
    "drop": _dropped,
    "twice": _twice,
    "swap": _swapped,
    "cut": _cut,
    "insert": _inserted,
    "bit": _bit,
    "line": lambda _, touch: touch.piece,
}
"""What can be done to a single line, or to any other content, without looking at the rest."""


def line_touched(lines: Sequence[bytes], touch: Touch) -> tuple[list[bytes], set[int], list[bytes]]:
    """The lines with one of them touched (or two, exchanged), which these were, and what is now in their place."""
    at, other = touch.at % len(lines), touch.other % len(lines)
    made = list(lines)
    if touch.what == "delete":
        del made[at]
        return made, {at}, []
    if touch.what == "duplicate":
        made.insert(other, lines[at])
        return made, {at}, [lines[at], lines[at]]
    if touch.what == "exchange":
        made[at], made[other] = made[other], made[at]
        return made, {at, other}, [lines[at], lines[other]]
    made[at] = IN_A_LINE[touch.what](lines[at], touch).replace(b"\n", b" ")
    return made, {at}, [made[at]]


def _bytes_deleted(content: bytes, touch: Touch) -> bytes:
    at = touch.at % (len(content) + 1)
    return content[:at] + content[at + touch.length :]


def _bytes_copied(content: bytes, touch: Touch) -> bytes:
    at, to = touch.at % (len(content) + 1), touch.other % (len(content) + 1)
    return content[:to] + content[at : at + touch.length] + content[to:]


def _bytes_inserted(content: bytes, touch: Touch) -> bytes:
    at = touch.at % (len(content) + 1)
    return content[:at] + touch.piece + content[at:]


def _bytes_flipped(content: bytes, touch: Touch) -> bytes:
    if not content:
        return content
    at = touch.at % len(content)
    return content[:at] + bytes([content[at] ^ (1 << touch.other % 8)]) + content[at + 1 :]


def _bytes_set(content: bytes, touch: Touch) -> bytes:
    if not content:
        return content
    at = touch.at % len(content)
    return content[:at] + bytes([touch.other % 256]) * min(touch.length, 8) + content[at + min(touch.length, 8) :]


IN_BYTES: Final[dict[str, Callable[[bytes, Touch], bytes]]] = {
    "flip": _bytes_flipped,
    "set": _bytes_set,
    "delete": _bytes_deleted,
    "copy": _bytes_copied,
    "insert": _bytes_inserted,
    "truncate": lambda content, touch: content[: touch.at % (len(content) + 1)],
    "tail": lambda content, touch: content[touch.at % (len(content) + 1) :],
}
"""What can be done to any bytes, packed ones too."""

AS_A_WHOLE: Final[dict[str, Callable[[bytes, Touch], bytes]]] = {
    "empty": lambda _, __: b"",
    "mark": lambda content, _: b"\xef\xbb\xbf" + content,
    "crlf": lambda content, _: content.replace(b"\n", b"\r\n"),
    "cr": lambda content, _: content.replace(b"\n", b"\r"),
    "utf-16": lambda content, _: content.decode("utf-8", "replace").encode("utf-16"),
    "nul": lambda content, touch: content + bytes(touch.length),
    "one line": lambda content, _: content.replace(b"\n", b""),
    "blank lines": lambda content, _: content.replace(b"\n", b"\n\n"),
    "no end": lambda content, _: content.rstrip(b"\n"),
    "gzip": lambda content, _: gzip.compress(content),
    "bzip2": lambda content, _: bz2.compress(content),
    "twice": lambda content, _: content + content,
    "spaces": lambda content, _: content.replace(b",", b", "),
    "semicolons": lambda content, _: content.replace(b",", b";"),
    "quotes": lambda content, _: content.replace(b",", b'","'),
    "upper": lambda content, _: content.upper(),
    "decimal commas": lambda content, _: content.replace(b".", b","),
}
"""What programs and people do to a whole file."""


def _one_of(names: Sequence[str]) -> st.SearchStrategy[Touch]:
    places = st.integers(0, 2**20)
    return st.builds(
        Touch,
        what=st.sampled_from(list(names)),
        at=places,
        other=places,
        length=st.integers(1, 300),
        fragment=st.one_of(st.integers(0, len(FRAGMENTS) - 1), st.binary(max_size=12)),
    )


LINES: Final = _one_of([*IN_A_LINE, "delete", "duplicate", "exchange"])
BYTES: Final = _one_of(list(IN_BYTES))
WHOLE: Final = _one_of(list(AS_A_WHOLE))
