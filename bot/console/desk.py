"""One request of the console from door to answer: who asks, was it sent from our page, may this role, then the page.

Deny by default: a page without a named act does not exist.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from bot.console import auth
from bot.console.forms import Form, TooLarge, read_form
from bot.console.headers import armour
from bot.console.view import View
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access
from bot.services.access import Act, Session
from bot.services.context import Ctx

log = logging.getLogger(__name__)

SIGN_IN = "/console/sign-in"
# Until an own second factor is set up, a live console shows nothing but the way to it.
BEFORE_SECOND_FACTOR = ("/console/account", "/console/sign-out", "/console/language")
MISSING = ("staff.no_such_", "console.no_such_")


class RowNumber(IntegerConvertor):
    """`{alert_id:row}`. Python refuses to read a number of thousands of digits, and the address is then nobody's."""

    regex = "[0-9]{1,40}"


register_url_convertor("row", RowNumber())

Handler = Callable[[Visit], Awaitable[Response]]
Door = Act | Literal["open", "anybody"]  # open: also without signing in; anybody: every role


@dataclass(frozen=True, slots=True)
class Page:
    """One address: what it does, and which act a role needs for it."""

    method: Literal["GET", "POST"]
    path: str
    door: Door
    handler: Handler


class Desk:
    def __init__(self, ctx: Ctx) -> None:
        self.ctx = ctx
        self.secure = ctx.addresses.public_url.startswith("https://")
        self.view = View(ctx.wording)

    async def serve(self, page: Page, request: Request) -> Response:
        response = await self._answer(page, request)
        return armour(response, secure=self.secure)

    async def _answer(self, page: Page, request: Request) -> Response:
        token = auth.token_of(request, auth.cookie_name(self.secure))
        # A page that looks again by itself is nobody at work: it must not keep a session alive.
        by_itself = page.method == "GET" and "again" in request.query_params
        session = await access.recognise(self.ctx, token, at_work=not by_itself) if token else None
        try:
            form = await read_form(request) if page.method == "POST" else Form()
        except TooLarge:
            return self._visit(request, session, Form()).trouble("console.trouble.too_large", 413)
        visit = self._visit(request, session, form)
        if page.method == "POST" and auth.is_foreign(request):
            return visit.trouble("console.trouble.foreign", 403)
        if page.door != "open":
            refusal = self._stop(page, visit)
            if refusal is not None:
                return refusal
        if page.method == "POST" and not auth.check_holds(visit.form_token, form.raw("check")):
            return visit.kept("console.trouble.form", 403)
        return await self._run(page, visit)

    def _visit(self, request: Request, session: Session | None, form: Form) -> Visit:
        language = auth.language_of(request, session.language if session else None)
        return Visit(self.ctx, self.view, request, form, language, self.secure, session)

    def _stop(self, page: Page, visit: Visit) -> Response | None:
        """Not signed in, not far enough, or not for this role."""
        path = visit.request.url.path
        if visit.session is None:
            if page.method == "POST":
                return visit.kept("console.trouble.signed_out", 401)
            return visit.go(SIGN_IN)
        if visit.session.live and not visit.session.second_factor and path not in BEFORE_SECOND_FACTOR:
            return visit.go("/console/account")
        if page.door != "open" and page.door != "anybody" and not visit.session.may(page.door):
            return visit.trouble("console.not_allowed", 403)
        return None

    async def _run(self, page: Page, visit: Visit) -> Response:
        try:
            return await page.handler(visit)
        except Refused as refusal:
            status = 404 if refusal.message_id.startswith(MISSING) else 409
            if page.method == "POST" and status == 409:
                return visit.kept(refusal.message_id, status, **refusal.values)
            return visit.trouble(refusal.message_id, status, **refusal.values)
