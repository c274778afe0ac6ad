"""All ways of exchange that are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench.alternatives import files, mapped, servers, streams

if TYPE_CHECKING:
    from bench.alternatives.base import Way

WAYS: Final[dict[str, Way]] = {way.name: way for way in (*files.WAYS, *mapped.WAYS, *streams.WAYS, *servers.WAYS)}
