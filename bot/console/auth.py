"""Cookies of the console, and proof that a form came from a page of ours. Tokens never appear in a page or an address."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
LANGUAGE_COOKIE = "suiyao-console-language"
LANGUAGE_LIVES = 400 * 24 * 3600


def cookie_name(secure: bool) -> str:
    """`__Host-` makes the browser refuse the cookie from another host, another path or plain HTTP."""
    return "__Host-suiyao-staff" if secure else "suiyao-staff"


def visitor_name(secure: bool) -> str:
    """Before there is a session, forms are bound to this one."""
    return "__Host-suiyao-visitor" if secure else "suiyao-visitor"


def token_of(request: Request, name: str) -> str:
    """The token of that cookie, or "" when it has none of our form."""
    token = request.cookies.get(name, "")
    return token if _TOKEN.fullmatch(token) else ""


def new_token() -> str:
    """128 bits in base64url: 22 characters."""
    return secrets.token_urlsafe(16)


def give(response: Response, name: str, token: str, secure: bool) -> None:
    """For as long as the browser is open; the server knows when it ends."""
    response.set_cookie(name, token, path="/", secure=secure, httponly=True, samesite="lax")


def take(response: Response, name: str, secure: bool) -> None:
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def check_for(token: str) -> str:
    """What every form of this browser carries. Only who holds the cookie can compute it, in any process."""
    return hmac.new(token.encode(), b"suiyao console form", hashlib.sha256).hexdigest()


def check_holds(token: str, check: str) -> bool:
    return bool(token) and hmac.compare_digest(check_for(token).encode(), check.encode())


def is_foreign(request: Request) -> bool:
    """Whether the browser says that another site sent this form. One that says nothing is left to the form's check."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2] != request.headers.get("host")


def language_of(request: Request, preferred: str | None) -> str:
    """Chosen on this device, else the staff member's own, else what the browser asks for."""
    chosen = _LANGUAGES.get(request.cookies.get(LANGUAGE_COOKIE, ""))
    if chosen or preferred:
        return chosen or preferred or ""
    asked = request.headers.get("accept-language", "zh").lower()
    return "en" if asked.startswith("en") else "zh_Hans_CN"


def give_language(response: Response, language: str, secure: bool) -> None:
    if language in _LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, language, LANGUAGE_LIVES, secure=secure, httponly=True, samesite="lax"
        )
