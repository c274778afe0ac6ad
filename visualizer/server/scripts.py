"""The page's ES modules: each file of page/ as it lies there, at an address that names the state of them all.

The address holds a digest of all modules, and a module imports others by their relative paths. So a page never mixes
two versions, and a browser may keep what it has loaded for good: what has changed has another address.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Response, abort

if TYPE_CHECKING:
    from flask import Flask

_FOLDER: Final = Path(__file__).resolve().parent.parent / "page"
_MODULES: Final = {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in sorted(_FOLDER.rglob("*.js"))}
"""By path, which is all that is served: an address can name nothing else."""
_DIGEST: Final = hashlib.sha256(b"".join(name.encode() + text for name, text in _MODULES.items())).hexdigest()[:16]
_ENTRY: Final = "main.js"
_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable"}

PRELOADS: Final = "".join(
    f'<link rel="modulepreload" href="/page/{_DIGEST}/{name}">' for name in _MODULES if name != _ENTRY
)
"""Tags for the page's head: all modules are fetched at once, not each when another one is found to import it."""

ENTRY: Final = f'<script id="_dash-renderer" type="module" src="/page/{_DIGEST}/{_ENTRY}"></script>'
"""The tag that runs them, after all scripts before it. Dash insists on a tag of this id: what starts its renderer."""


def add(server: Flask) -> None:
    """Serve the modules."""

    @server.get("/page/<digest>/<path:name>")
    def module(digest: str, name: str) -> Response:
        if digest != _DIGEST or name not in _MODULES:
            abort(404)
        return Response(_MODULES[name], content_type="text/javascript; charset=utf-8", headers=_HEADERS)
