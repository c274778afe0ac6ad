"""The Dash application: the page, what it is answered, /metrics and /health."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dash import ClientsideFunction, Input

from shared import heartbeat_age_ms, machine_time, shares_clock
from visualizer.components.layout import layout
from visualizer.metrics.monitor import monitor
from visualizer.metrics.readings import PollCounts, memory, poll_counts, polls, reads
from visualizer.metrics.telemetry import Telemetry
from visualizer.server import control, hosts, loading, page_files, polling, refusals, routes, still, tables
from visualizer.server.asking import Asking
from visualizer.server.delta import delta
from visualizer.server.feed import Feed
from visualizer.server.login import Login, visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from dash import Dash

    from shared import Picture, Status
    from visualizer.server.delta import Known
    from visualizer.server.settings import Settings

_MONITOR_EVERY_MS: Final = 2000
_POLLS_OVER: Final = 5
"""How many of the panel's contents the rate of polls is taken over: some ten seconds."""
_CLIENTSIDE: Final = "orderflow"
_FOLDER: Final = Path(__file__).resolve().parent.parent
# Written into the page: browsers ask for an icon again whenever the address changes, and the event time stands there.
_ICON: Final = base64.b64encode((_FOLDER / "favicon.svg").read_bytes()).decode()
_INLINE: Final = page_files.FIRST_LOOK + (_FOLDER / "guard.js").read_text()
"""Scripts that are written into the page: the second one is there for the case that others cannot be loaded."""
_LINKS: Final = f"{loading.PRELOADS}{page_files.PRELOADS}{{%css%}}{page_files.STYLES}"
_INDEX: Final = f"""<!DOCTYPE html>
<html lang="en">
  <head>
    {{%metas%}}<title>{{%title%}}</title>
    <script>{_INLINE}</script>
    <link rel="icon" href="data:image/svg+xml;base64,{_ICON}">{_LINKS}
  </head>
  <body>{{%app_entry%}}<footer>{{%config%}}{{%scripts%}}{page_files.ENTRY}</footer></body>
</html>
"""


def create(settings: Settings, clock_s: Callable[[], float] = time.monotonic) -> Dash:
    """Build the application, ready to serve; nothing of the IPC directory is read before the first request.

    `clock_s` gives seconds that never fall.
    """
    app = loading.Page(
        "visualizer",
        title="orderflow replay",
        update_title="",  # the title stays still while a poll runs
        index_string=_INDEX,
        compress=True,
        serve_locally=True,
        add_log_handler=False,
    )
    app.layout = layout(settings)
    telemetry = Telemetry()
    feed = Feed(settings.ipc_dir, telemetry, clock_s)
    panel = _Panel(telemetry)
    asking = Asking(settings.control_dir if settings.control == "on" else None)

    def answered(held: Known) -> dict[str, Any]:
        begun_s = time.perf_counter()
        now_ms = time.time_ns() // 1_000_000
        asking.note(held.views)
        picture, problem = feed.poll()
        # Always an answer, if only the server's clock: a page must tell "nothing new" from "no server". And whether it
        # may steer: a page may have been opened before the server was restarted with another setting, or with another
        # token.
        answer = delta(picture, problem, held) | {
            "server_ms": _clock_ms(picture, now_ms),
            "control": _control(settings),
        }
        # Of a clock that was set back, any figures are old.
        if abs(now_ms - held.monitor_ms) >= _MONITOR_EVERY_MS:
            answer["monitor"] = panel.content(picture.status if picture else None, now_ms)
        telemetry.polled(time.perf_counter() - begun_s)
        return answer

    # It is called once, as soon as the page is there; all else its scripts listen for themselves.
    begin = ClientsideFunction(_CLIENTSIDE, "begin")
    app.clientside_callback(begin, Input("app", "id"))  # type: ignore[no-untyped-call] # Dash types only a part

    hosts.add(app.server, settings.names)
    login = Login(settings) if settings.tokens else None
    if login is not None:
        login.add(app.server)
    refusals.add(app.server)
    polling.add(app.server, answered)
    routes.add(app.server, feed, telemetry, [_INLINE, page_files.FIRST_LOOK])
    page_files.add(app.server)
    loading.add(app.server)
    tables.add(app.server, feed, asking)
    still.add(app.server, feed)
    control.add(app.server, settings, login)
    # Dash learns which scripts it may serve while it renders the page for the first time. A worker that is asked for a
    # script before, or during that, would refuse it.
    token = next(iter(settings.tokens.values()), "")
    app.server.test_client().get("/", headers={"Authorization": f"Bearer {token}"})
    return app


def _control(settings: Settings) -> str:
    """Whether the page that asks may steer: `on`, `watch` where its session may not, `off` where none may."""
    return "watch" if settings.control == "on" and visitor().right != "steer" else settings.control


def _clock_ms(picture: Picture | None, now_ms: int) -> int:
    """What a clock shows that agrees with the heartbeat: the page takes the age of one from the other."""
    if picture is None:
        return now_ms
    status = picture.status
    here = machine_time()
    return status.heartbeat_ms + heartbeat_age_ms(status, now_ms, here) if shares_clock(status, here) else now_ms


class _Panel:
    """The monitoring panel's content, gathered from all workers at most every two seconds."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._lock = threading.Lock()
        self._content: dict[str, Any] | None = None
        self._made_ms = 0
        self._counted: deque[tuple[float, PollCounts]] = deque(maxlen=_POLLS_OVER)

    def content(self, status: Status | None, now_ms: int) -> dict[str, Any]:
        with self._lock:
            if self._content is None or abs(now_ms - self._made_ms) >= _MONITOR_EVERY_MS:
                metrics = self._telemetry.gather()
                now_s, counts = time.monotonic(), poll_counts(metrics)
                begun_s, before = self._counted[0] if self._counted else (now_s, counts)
                self._counted.append((now_s, counts))
                asked = polls(before, counts, now_s - begun_s)
                self._content = monitor(status, reads(metrics), memory(metrics), asked) | {"at_ms": now_ms}
                self._made_ms = now_ms
            return self._content
