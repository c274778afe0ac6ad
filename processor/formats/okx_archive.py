"""The order book archives of OKX and HTX (docs/formats/okx_archive.md)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from processor.formats.lines.line_prefix import epoch_ns
from processor.formats.recordings.messages import BookMessage
from processor.formats.recordings.websocket import WebsocketFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.formats.recordings.messages import Decoder, Message

_BOOK: Final = "book"
_SNAPSHOT: Final = "snapshot"
_UPDATE: Final = "update"


class _Line(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    action: str
    ts: str | int
    asks: msgspec.Raw
    bids: msgspec.Raw
    inst_id: str = ""


_LINE: Final = msgspec.json.Decoder(_Line)


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

    def depth_of(self, channel: str) -> int:  # noqa: ARG002 - a file does not name its depth
        return 0


FORMAT: Final = _OkxArchive()


def _decoded(instrument: str, text: memoryview) -> Sequence[Message]:
    line = _LINE.decode(text)
    if line.inst_id != instrument:
        return []
    if line.action not in {_SNAPSHOT, _UPDATE}:
        msg = f"action {line.action[:40]!r} is neither snapshot nor update"
        raise ValueError(msg)
    return [BookMessage(_BOOK, epoch_ns(line.ts), line.action == _SNAPSHOT, line.bids, line.asks)]
