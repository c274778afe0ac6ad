"""The page's own files, below an address with their digest: modules as they lie in page/, style sheets as one.

A module imports others by their relative paths, below the same address. So a page never mixes two versions, and a
browser may keep what it has loaded for good: what has changed has another address.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response, abort, request

if TYPE_CHECKING:
    from flask import Flask

_FOLDER: Final = Path(__file__).resolve().parent.parent / "page"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_STYLES: Final = (
    *("tokens", "page", "controls", "header", "notices", "readout", "chart", "heatmap", "depth", "ladder", "tape"),
    *("report", "events", "alerts", "options", "layout", "bars", "draw", "export", "monitor", "keys", "small-screens"),
    *("transport", "chooser", "context-menu", "phone", "forced-colors"),
)
"""In the order in which one overrules another: what is for small screens comes after what it changes."""
_ALL_STYLES: Final = "styles.css"
_FILES: Final = {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in sorted(_FOLDER.rglob("*.js"))} | {
    _ALL_STYLES: b"\n".join((_FOLDER / "styles" / f"{name}.css").read_bytes() for name in _STYLES)
}
"""By path, which is all that is served: an address can name nothing else."""
_PACKED: Final = {name: gzip.compress(text, mtime=0) for name, text in _FILES.items()}
"""Packed once: a first load asks for all of them, and a server that packs each for everybody is what it waits for."""
_DIGEST: Final = hashlib.sha256(b"".join(name.encode() + text for name, text in _FILES.items())).hexdigest()[:16]
_ENTRY: Final = "main.js"
_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
STYLES: Final = f'<link rel="stylesheet" href="/page/{_DIGEST}/{_ALL_STYLES}">'
"""The tag for the page's head."""

TOKENS: Final = (_FOLDER / "styles" / "tokens.css").read_text()
"""The style sheet of colours, which the form to sign in has in itself: a stranger is answered no file."""

FIRST_LOOK: Final = _FOLDER.with_name("first-look.js").read_text()
"""The script that puts on, before anything is painted, the looks that a browser keeps."""

PRELOADS: Final = "".join(
    f'<link rel="modulepreload" href="/page/{_DIGEST}/{name}">'
    for name in _FILES
    if name.endswith(".js") and name != _ENTRY
)
"""Tags for the page's head: all modules are fetched at once, not each when another one is found to import it."""

ENTRY: Final = f'<script id="_dash-renderer" type="module" src="/page/{_DIGEST}/{_ENTRY}"></script>'
"""The tag that runs them, after all scripts before it. Dash insists on a tag of this id: what starts its renderer."""


def add(server: Flask) -> None:
    """Serve the modules and style sheets."""

    @server.get("/page/<digest>/<path:name>")
    def page_file(digest: str, name: str) -> Response:
        if digest != _DIGEST or name not in _FILES:
            abort(404)
        is_packed = request.accept_encodings["gzip"] > 0
        answer = Response(
            (_PACKED if is_packed else _FILES)[name], content_type=_TYPES[Path(name).suffix], headers=_HEADERS
        )
        if is_packed:
            answer.headers["Content-Encoding"] = "gzip"
        return answer
