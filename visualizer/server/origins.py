"""Where a request comes from: our own page, a program, or a page of another site."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers


def is_own(headers: Headers) -> bool:
    """Whether a request comes from this server's own page, or from no page at all.

    Browsers say where a request comes from, and no page can make them lie: newer ones by Sec-Fetch-Site (over loopback
    and TLS), all of them by the Origin of a POST. What Origin is compared with is a name of ours by then (`hosts`).
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == headers.get("Host")
