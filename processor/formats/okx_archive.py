"""The order book archives of OKX and HTX (docs/formats/okx_archive.md)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.formats.line_prefix import epoch_ns
from processor.formats.messages import BookMessage
from processor.formats.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.messages import Decoder, Level, Message

_BOOK: Final = "book"
_SNAPSHOT: Final = "snapshot"
_UPDATE: Final = "update"


class _Line(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    action: str
    ts: str | int
    asks: list[list[str]]
    bids: list[list[str]]
    inst_id: str = ""


class _LineOfNumbers(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    action: str
    ts: str | int
    asks: list[list[msgspec.Raw]]
    bids: list[list[msgspec.Raw]]
    inst_id: str = ""


_LINE: Final = msgspec.json.Decoder(_Line)
_LINE_OF_NUMBERS: Final = msgspec.json.Decoder(_LineOfNumbers)


class _OkxArchive(WebsocketFormat):
    name = "okx-archive"
    title = "OKX and HTX order book archives, one JSON object each (instId, action, ts, asks, bids)"
    pattern = re.compile(
        rb'^\{\s*(?:"action":\s*"(?:snapshot|update)",\s*)?"instId":\s*"([^"]+)",\s*'
        rb'"(?:action":\s*"(?:snapshot|update)|ts|asks|bids)"',
        re.MULTILINE,
    )

    def decoder(self, instrument: str) -> Decoder:
        return partial(_decoded, instrument)

    def depth_of(self, channel: str) -> int:  # noqa: ARG002 - a file does not say how deep it is
        return 0


FORMAT: Final = _OkxArchive()


def _decoded(instrument: str, text: memoryview) -> Sequence[Message]:
    try:
        line: _Line | _LineOfNumbers = _LINE.decode(text)
    except msgspec.ValidationError:
        line = _LINE_OF_NUMBERS.decode(text)
    if line.inst_id != instrument:
        return []
    if line.action not in {_SNAPSHOT, _UPDATE}:
        msg = f"action {line.action[:40]!r} is neither snapshot nor update"
        raise ValueError(msg)
    return [
        BookMessage(
            channel=_BOOK,
            time_ns=epoch_ns(line.ts),
            is_snapshot=line.action == _SNAPSHOT,
            bids=_levels(line.bids),
            asks=_levels(line.asks),
        )
    ]


def _levels(levels: list[list[str]] | list[list[msgspec.Raw]]) -> list[Level]:
    try:
        return [(_text(level[0]), _text(level[1])) for level in levels]
    except IndexError:
        msg = "a level is not a price, a size and more"
        raise ValueError(msg) from None


def _text(number: str | msgspec.Raw) -> str:
    return number if isinstance(number, str) else bytes(number).decode().strip('"')
