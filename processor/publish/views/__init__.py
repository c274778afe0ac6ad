"""How the views of `shared.views` are made: one module each, and all of them in `VIEWS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.publish.views import depth, metrics, ohlc, overview, report, tape

if TYPE_CHECKING:
    from processor.publish.views.base import Published

VIEWS: Final[tuple[Published, ...]] = tuple(
    module.PUBLISHED for module in (depth, ohlc, metrics, report, overview, tape)
)
