"""The columns of published rows, as tables that are handed out name them; the scripts are told them, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from shared import VIEWS
from shared.views.footprint import FootprintCell
from shared.views.ladder import LadderRow

if TYPE_CHECKING:
    from shared import View


def _fields(view: View[Any]) -> tuple[str, ...]:
    fields: tuple[str, ...] = get_args(view.type)[0].__struct_fields__
    return fields


COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    **{view.name: _fields(view) for view in VIEWS if view.is_rows},
    "cells": FootprintCell.__struct_fields__,
    "levels": LadderRow.__struct_fields__,
}
"""By view; `cells` are those of price rows of footprint and profile, `levels` those of the ladder."""
