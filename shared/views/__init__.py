"""The files that are published beside status.json: one module each, and all of them in `VIEWS`.

To add one, write its module here and in `processor.publish.views`, and register both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from shared.contract import STATUS_FILE, Status
from shared.views.alerts import ALERTS
from shared.views.depth import DEPTH
from shared.views.events import EVENTS
from shared.views.footprint import FOOTPRINT
from shared.views.heatmap import HEATMAP
from shared.views.ladder import LADDER
from shared.views.measures import MEASURES
from shared.views.metrics import METRICS
from shared.views.ohlc import OHLC
from shared.views.overview import OVERVIEW
from shared.views.profile import PROFILE
from shared.views.quotes import QUOTES
from shared.views.report import REPORT
from shared.views.sizes import SIZES
from shared.views.statistics import STATISTICS
from shared.views.tape import TAPE

if TYPE_CHECKING:
    from shared.views.base import View

VIEWS: Final[tuple[View[Any], ...]] = (
    OHLC,
    DEPTH,
    METRICS,
    REPORT,
    OVERVIEW,
    TAPE,
    FOOTPRINT,
    STATISTICS,
    PROFILE,
    SIZES,
    HEATMAP,
    LADDER,
    QUOTES,
    MEASURES,
    EVENTS,
    ALERTS,
)

BY_NAME: Final = {view.name: view for view in VIEWS}
BY_FILE: Final = {view.file: view for view in VIEWS}
DATA_FILES: Final = tuple(view.file for view in VIEWS if view.presence == "data")
VIEW_FILES: Final = tuple(view.file for view in VIEWS if view.presence != "data")
"""Further files of a picture: a writer may leave them out, and a reader may do without."""
FILE_TYPES: Final[dict[str, Any]] = {view.file: view.type for view in VIEWS} | {STATUS_FILE: Status}
"""Per file of the exchange what it holds."""
