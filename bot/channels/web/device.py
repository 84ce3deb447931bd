"""Who is calling: the device's cookie, proof that a form came from our own page, one-time ids.

The cookie is the only key to a conversation. It must never appear in a page, a log or an address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

# Browsers cap a cookie's life at 400 days; every visit renews it.
LIFE_SECONDS = 400 * 24 * 3600
SIZES = ("100", "125", "150", "200")

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_ONCE = re.compile(r"[A-Za-z0-9_-]{22}")


def cookie_name(secure: bool) -> str:
    """`__Host-` makes the browser refuse the cookie from another host, another path or plain HTTP."""
    return "__Host-suiyao" if secure else "suiyao"


def new_token() -> str:
    """256 bits in base64url: 43 characters."""
    return secrets.token_urlsafe(32)


def new_once() -> str:
    """One-time id of a form: 128 bits, 22 characters."""
    return secrets.token_urlsafe(16)


def token_of(request: Request, secure: bool) -> str | None:
    """The device's token, or None when there is none of ours."""
    token = request.cookies.get(cookie_name(secure), "")
    return token if _TOKEN.fullmatch(token) else None


def give(response: Response, token: str, secure: bool) -> None:
    response.set_cookie(
        cookie_name(secure),
        token,
        max_age=LIFE_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def size_of(request: Request) -> str:
    """Chosen text size in per cent of the page's own size."""
    size = request.cookies.get("suiyao-size", "")
    return size if size in SIZES else SIZES[0]


def give_size(response: Response, size: str, secure: bool) -> None:
    response.set_cookie(
        "suiyao-size", size, max_age=LIFE_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
    )


def check_for(token: str) -> str:
    """What every form of this device carries. Only who holds the cookie can compute it, in any process."""
    return hmac.new(token.encode(), b"suiyao page form", hashlib.sha256).hexdigest()


def check_holds(token: str, check: str) -> bool:
    return hmac.compare_digest(check_for(token).encode(), check.encode())


def external_id(token: str, once: str, said: bytes) -> str | None:
    """Names one thing said on one rendered page; None when the one-time id is not of our making.

    The same form sent again gives the same id. Other words from the same form (the browser's back button,
    words changed, sent again) give another one: they would otherwise be taken for a repeat and lost.
    """
    if not _ONCE.fullmatch(once):
        return None
    key = f"{token}:{once}".encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def is_foreign(request: Request) -> bool:
    """Whether the browser says that another site sent this form.

    Our pages ask for no referrer, so an honest old browser sends `Origin: null` or none; then the form's own
    check decides.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return False
    return origin.partition("://")[2] != request.headers.get("host")


def is_prefetch(request: Request) -> bool:
    """A page fetched ahead of time is seen by nobody: it must not count as delivered."""
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    return "prefetch" in purpose or "prerender" in purpose
