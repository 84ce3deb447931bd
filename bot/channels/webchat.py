"""The phone page (H5): invitation, one question at a time, the conversation so far. Complete by itself.

It knows messages and errors only. Who is behind a device, and what is said to them, comes from the Backend.
It must never show anything to a device that the Backend does not know, nor act when a link is merely opened.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from bot.channels.web import body, device, events
from bot.channels.web.headers import LASTING, armour
from bot.channels.web.media_kind import media_kind
from bot.channels.web.notice import NotTaken
from bot.channels.web.picture_metadata import without_metadata
from bot.channels.web.render import Frame, Notice, Renderer
from bot.channels.web.static_files import StaticFile, load_static
from bot.channels.web.view import Backend, ChatView, Line, OpenQuestion
from bot.errors import Refused
from bot.messages import Inbound, Kind, Media, Press

__all__ = ["Backend", "ChatView", "Line", "OpenQuestion", "router"]

log = logging.getLogger(__name__)

DEFAULT_LANGUAGE = "zh_Hans_CN"
LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}  # each by its own name
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PRESS = re.compile(r"[A-Za-z0-9_-]{1,40}:[a-z0-9_-]{1,20}")
_PLACES = re.compile(r"/chat|/i/[A-Za-z0-9_-]{1,64}")

Handler = Callable[[Request], Awaitable[Response]]


def router(backend: Backend, *, secure: bool, account: str = "page") -> APIRouter:
    """Routes of the page. `secure`: served over https (cookies and headers follow). `account` names the page.

    A proxy in front must keep the Host header. The server needs a limit for its graceful stop, since an open
    page holds its stream of events.
    """
    static = load_static()
    page = Page(backend, Renderer(static, backend.text), static, secure, account)
    routes = APIRouter(include_in_schema=False)
    for method, path, handler in (
        ("GET", "/i/{code}", page.invitation),
        ("HEAD", "/i/{code}", page.invitation),
        ("POST", "/i/{code}", page.start),
        ("GET", "/chat", page.chat),
        ("GET", "/chat/events", page.events),
        ("POST", "/chat/say", page.say),
        ("POST", "/chat/press", page.press),
        ("POST", "/chat/upload", page.upload),
        ("POST", "/chat/size", page.resize),
        ("GET", "/chat/say", _to_chat),
        ("GET", "/chat/press", _to_chat),
        ("GET", "/chat/upload", _to_chat),
        ("GET", "/static/page/{name}", page.static_file),
    ):
        routes.add_api_route(path, page.guarded(handler), methods=[method])
    return routes


@dataclass(frozen=True, slots=True)
class Page:
    """The routes' handlers. Keeps nothing between requests: any process may answer any of them."""

    backend: Backend
    renderer: Renderer
    static: dict[str, StaticFile]
    secure: bool
    account: str

    def guarded(self, handler: Handler) -> Handler:
        """Every answer wears the headers, and every refusal keeps the person's words."""

        async def answer(request: Request) -> Response:
            try:
                response = await handler(request)
            except NotTaken as refusal:
                response = await self._show_again(request, refusal)
            return armour(response, secure=self.secure)

        return answer

    async def invitation(self, request: Request) -> Response:
        """No effect at all: chat programs fetch this to make a preview."""
        code = request.path_params["code"]
        if not _CODE.fullmatch(code):
            return HTMLResponse(self.renderer.outside(self._frame(request), None), 404)
        asked = request.query_params.get("lang", "")
        frame = self._frame(request, asked if asked in LANGUAGES else "", back=f"/i/{code}")
        return HTMLResponse(self.renderer.invitation(frame, code, LANGUAGES))

    async def start(self, request: Request) -> Response:
        """No cookie exists yet that a form could be bound to: the browser's word about the origin has to do.

        A code alone opens nothing: the next question asks for something that only the invited person knows.
        """
        code = request.path_params["code"]
        if device.is_foreign(request):
            raise NotTaken(403, "page.error.foreign")
        fields = await body.read_form(request)
        if not _CODE.fullmatch(code):
            return HTMLResponse(self.renderer.outside(self._frame(request), None), 404)
        token = device.token_of(request, self.secure) or device.new_token()
        # A form without its one-time id (an odd browser) still starts; sent again, it counts as another.
        once = fields.get("once", "")
        name = device.external_id(token, once, b"start:" + code.encode())
        name = name or device.external_id(token, device.new_once(), b"start") or ""
        await self._accept(Inbound("web", self.account, token, name, Kind.START, None, text=code))
        response = RedirectResponse("/chat", 303)
        device.give(response, token, self.secure)
        return response

    async def chat(self, request: Request) -> Response:
        if device.is_prefetch(request):
            return Response(status_code=204)
        token = device.token_of(request, self.secure)
        view = await self._view(token) if token else None
        if token is None or view is None:
            return HTMLResponse(self.renderer.outside(self._frame(request), None), 401)
        later = request.query_params.get("later", "")
        # Before somebody is linked, only his telephone knows which language he reads.
        frame = self._frame(request, view.language if view.linked else "")
        response = HTMLResponse(self.renderer.chat(frame, view, token, later, None))
        device.give(response, token, self.secure)
        return response

    async def events(self, request: Request) -> Response:
        token = device.token_of(request, self.secure)
        if token is None or not await self.backend.follows(token):
            return Response(status_code=204)  # tells the browser not to come back
        stream = events.stream(self.backend.changes(token))
        # Nothing between us and the phone may collect the stream, be it to buffer or to compress it.
        headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def say(self, request: Request) -> Response:
        token = await self._known(request)
        fields = await body.read_form(request)
        text = fields.get("text", "").strip()
        name = self._bound(token, fields, b"text:" + text.encode(), kept=text)
        if not text:
            raise NotTaken(400, "page.error.empty")
        if len(text) > body.TEXT_CHARACTERS:
            counts = {"count": len(text), "limit": body.TEXT_CHARACTERS}
            raise NotTaken(413, "page.error.too_long", counts, kept=text)
        inbound = Inbound(
            "web",
            self.account,
            token,
            name,
            Kind.TEXT,
            None,
            text=text,
            raw=_raw(form=fields["once"], text=text),
        )
        await self._accept(inbound, kept=text, once=fields["once"])
        return RedirectResponse("/chat", 303)

    async def press(self, request: Request) -> Response:
        token = await self._known(request)
        fields = await body.read_form(request)
        data = fields.get("data", "")
        name = self._bound(token, fields, b"press:" + data.encode())
        if not _PRESS.fullmatch(data):
            raise NotTaken(400, "page.error.press")
        raw = _raw(form=fields["once"], data=data)
        press = Press.parse(data)
        await self._accept(Inbound("web", self.account, token, name, Kind.CHOICE, None, press=press, raw=raw))
        return RedirectResponse("/chat", 303)

    async def upload(self, request: Request) -> Response:
        token = await self._known(request)
        fields, content, declared = await body.read_upload(request)
        name = self._bound(token, fields, b"media:" + sha256(content).digest())
        if not content:
            raise NotTaken(400, "page.error.file_none")
        found = media_kind(content, declared)
        if found is None:
            raise NotTaken(415, "page.error.file_kind")
        kind, media_type = found
        media = Media(kind, without_metadata(content) if kind == "picture" else content, media_type)
        raw = _raw(form=fields["once"], declared=declared[:100])
        await self._accept(Inbound("web", self.account, token, name, Kind.MEDIA, None, media=media, raw=raw))
        return RedirectResponse("/chat", 303)

    async def resize(self, request: Request) -> Response:
        if device.is_foreign(request):
            raise NotTaken(403, "page.error.foreign")
        fields = await body.read_form(request)
        back = fields.get("back", "")
        response = RedirectResponse(back if _PLACES.fullmatch(back) else "/chat", 303)
        if fields.get("size") in device.SIZES:
            device.give_size(response, fields["size"], self.secure)
        return response

    async def static_file(self, request: Request) -> Response:
        for file in self.static.values():
            if file.name == request.path_params["name"]:
                return Response(file.content, media_type=file.media_type, headers={"Cache-Control": LASTING})
        return Response(status_code=404)

    async def _known(self, request: Request) -> str:
        """The device's token, before a single byte of the body is read."""
        if device.is_foreign(request):
            raise NotTaken(403, "page.error.foreign")
        token = device.token_of(request, self.secure)
        if token is None or not await self.backend.knows(token):
            raise NotTaken(401, "page.error.outside")
        return token

    def _bound(self, token: str, fields: dict[str, str], said: bytes, kept: str = "") -> str:
        """The external id of what was said, when the form is one that this device was given."""
        name = device.external_id(token, fields.get("once", ""), said)
        if name is None or not device.check_holds(token, fields.get("check", "")):
            raise NotTaken(403, "page.error.stale", kept=kept)
        return name

    async def _accept(self, inbound: Inbound, kept: str = "", once: str = "") -> None:
        try:
            await self.backend.accept(inbound)
        except Refused as refusal:
            raise NotTaken(409, refusal.message_id, refusal.values, kept) from refusal
        except Exception as error:
            log.error(
                "An answer from the page could not be stored; the person was asked to send it again",
                extra={"action": "page_accept_failed", "error": type(error).__name__},
            )
            raise NotTaken(503, "page.error.trouble", kept=kept, once=once) from error

    async def _view(self, token: str) -> ChatView | None:
        try:
            return await self.backend.view(token)
        except Exception as error:
            log.exception(
                "The page could not be read",
                extra={"action": "page_view_failed", "error": type(error).__name__},
            )
            raise NotTaken(503, "page.error.trouble") from error

    async def _show_again(self, request: Request, refusal: NotTaken) -> Response:
        log.info("The page refused something", extra={"action": "page_refused", "reason": refusal.text_id})
        notice = Notice(refusal.text_id, refusal.values, refusal.kept, refusal.once)
        token = device.token_of(request, self.secure)
        if refusal.status in (401, 403) and refusal.text_id != "page.error.stale":
            return HTMLResponse(self.renderer.outside(self._frame(request), notice), refusal.status)
        if refusal.status == 503:
            return HTMLResponse(self.renderer.trouble(self._frame(request), notice, token), 503)
        try:
            view = await self._view(token) if token else None
        except NotTaken as trouble:
            notice = Notice(trouble.text_id, trouble.values, refusal.kept)
            return HTMLResponse(self.renderer.trouble(self._frame(request), notice, token), 503)
        if token is None or view is None:
            return HTMLResponse(self.renderer.outside(self._frame(request), notice), refusal.status)
        page = self.renderer.chat(self._frame(request, view.language), view, token, "", notice)
        return HTMLResponse(page, refusal.status)

    def _frame(self, request: Request, language: str = "", back: str = "/chat") -> Frame:
        return Frame(language or _language(request), device.size_of(request), back)


async def _to_chat(request: Request) -> Response:
    """An address left over from a refused form."""
    return RedirectResponse("/chat", 303)


def _language(request: Request) -> str:
    """For a device that we do not know yet: Chinese, unless the phone itself is set to English."""
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else DEFAULT_LANGUAGE


def _raw(**fields: str) -> bytes:
    """What was posted, for the record; without the proof of origin, which is of no use later."""
    return json.dumps(fields, ensure_ascii=False).encode()
