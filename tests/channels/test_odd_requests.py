"""Whatever is posted to the phone page or the webhook: stored whole and once, or refused, and then nothing is stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_webhook import SECRET_HEADER, webhook_router
from bot.messages import Inbound, Kind
from tests.channels.desk import Desk
from tests.channels.test_telegram_updates import ANYTHING, AT, NAMES, PRIVATE
from tests.support.forms import ODD
from tests.support.web_backend import GOOD_CODE, MemoryBackend
from tests.support.web_visitor import ORIGIN, SAME, Visitor, visiting

pytestmark = pytest.mark.usefixtures("lean")
few = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.sampled_from(ODD) | st.text(max_size=40)
PRESSES = (
    st.sampled_from(["dose000000000001:taken", "dose000000000001:", ":", "a:b:c", "mmmmmmmmmmmmmmmm:today"])
    | TEXTS
)
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
ODD_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Origin": st.sampled_from([ORIGIN, "null", "http://[", "https://page.test:x", "://", "https://[::1"])
        | LATIN,
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "none", "cross-site", ""]) | LATIN,
        "Content-Type": st.sampled_from(
            ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
        )
        | LATIN,
        "Content-Length": st.sampled_from(["0", "-1", "9" * 5000, "1e3", " 5"]),
        "Accept-Language": LATIN,
        "Cookie": st.sampled_from(["suiyao-size=9", "=;=", "__Host-suiyao=x"]) | LATIN,
    },
)
HEADERS = ODD_HEADERS | ODD_HEADERS.map(lambda odd: SAME | odd)
AN_ODD_ORIGIN, AN_ODD_LENGTH = {"Origin": "http://["}, SAME | {"Content-Length": "9" * 5000}
PARTS = st.sampled_from(["check", "once", "data", "text"])


Wait = Callable[[Coroutine[Any, Any, Any]], Any]


class Phone:
    """One that is linked, for all examples: whatever it sent before, its form is as good as new."""

    def __init__(self, visitor: Visitor, form: dict[str, str]) -> None:
        self.visitor, self.form = visitor, form
        self.cookies = dict(visitor.client.cookies)

    @property
    def heard(self) -> list[Inbound]:
        return self.visitor.backend.inbounds

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer."""
        self.visitor.client.cookies = httpx.Cookies(self.cookies)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.visitor.client.post(path, content=body, headers=form | headers)
        return answer.status_code


@pytest.fixture(scope="module")
def wait() -> Iterator[Wait]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="module")
def phone(wait: Wait) -> Iterator[Phone]:
    stack = AsyncExitStack()

    async def opened() -> Phone:
        visitor = await stack.enter_async_context(visiting(MemoryBackend()))
        await visitor.link()
        return Phone(visitor, visitor.form())

    yield wait(opened())
    wait(stack.aclose())


DAMAGES = st.dictionaries(PARTS, TEXTS, max_size=1)


@few
@example(where="say", said="x", headers=AN_ODD_ORIGIN, damage={})
@example(where="say", said="x", headers=AN_ODD_LENGTH, damage={})
@given(where=st.sampled_from(["say", "press"]), said=TEXTS | PRESSES, headers=HEADERS, damage=DAMAGES)
def test_what_is_said_or_pressed_is_stored_whole_or_not_at_all(
    wait: Wait, phone: Phone, where: str, said: str, headers: dict[str, str], damage: dict[str, str]
) -> None:
    form = phone.form | {"text" if where == "say" else "data": said} | damage
    phone.heard.clear()
    status = wait(phone.post(f"/chat/{where}", urlencode(_bytes(form)).encode(), headers))
    assert status in (303, 400, 401, 403, 413)
    assert len(phone.heard) == (status == 303)
    for heard in phone.heard:
        whole = form["text"] if heard.kind is Kind.TEXT else form["data"]
        plain = (
            _bytes({"": whole})[""].decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "\ufffd")
        )
        assert plain.strip() == (heard.text or (heard.press.data if heard.press else ""))
        assert json.loads(heard.raw)["form"] == form["once"]


def test_a_whole_form_is_taken(wait: Wait, phone: Phone) -> None:
    """Or the properties here would hold of a page that takes nothing."""
    for where, said in (("say", {"text": "吃了"}), ("press", {"data": "dose000000000001:taken"})):
        assert wait(phone.post(f"/chat/{where}", urlencode(phone.form | said).encode(), {})) == 303


@few
@given(where=st.sampled_from(["say", "press", "upload"]), body=st.binary(max_size=300), headers=HEADERS)
def test_any_bytes_to_the_page_are_refused(
    wait: Wait, phone: Phone, where: str, body: bytes, headers: dict[str, str]
) -> None:
    phone.heard.clear()
    assert wait(phone.post(f"/chat/{where}", body, headers)) in (400, 401, 403, 413)
    assert phone.heard == []


@few
@given(code=TEXTS, asked=TEXTS, headers=HEADERS)
def test_an_odd_invitation_or_place_is_answered(
    wait: Wait, phone: Phone, code: str, asked: str, headers: dict[str, str]
) -> None:
    query = urlencode(_bytes({"later": asked, "lang": asked}))
    for path in (f"/chat?{query}", f"/i/{GOOD_CODE}?{query}"):
        assert wait(phone.visitor.client.get(path, headers=headers)).status_code in (200, 204, 401)
    phone.heard.clear()
    path = "/i/" + quote(_bytes({"": code})[""], safe="")
    status = wait(phone.post(path, urlencode(_bytes({"once": asked})).encode(), headers))
    assert status in (303, 400, 403, 404, 405, 413)
    assert len(phone.heard) == (status == 303)


def _bytes(fields: dict[str, str]) -> dict[str, bytes]:
    return {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}


SECRET, BOT = "s3cret_-0123456789", "700123456"


@pytest.fixture(scope="module")
def channel(wait: Wait) -> Iterator[TelegramChannel]:
    async def opened() -> TelegramChannel:
        return TelegramChannel(f"{BOT}:AAFakeTokenForTestsOnly_0123456789abc", "http://127.0.0.1:1")

    one = wait(opened())
    yield one
    wait(one.close())


SECRETS = st.sampled_from([SECRET] * 8 + [SECRET[:-1], ""]) | LATIN
MESSAGES = st.dictionaries(NAMES, ANYTHING).map(
    lambda odd: odd | {"chat": PRIVATE, "date": AT, "message_id": 57}
)
BODIES = (
    st.binary(max_size=300)
    | ANYTHING.map(json.dumps).map(str.encode)
    | st.builds(
        lambda number, kind, body: json.dumps({"update_id": number, kind: body}).encode(),
        st.integers(),
        NAMES,
        MESSAGES | ANYTHING,
    )
)


@settings(max_examples=100)
@given(
    BODIES,
    st.sampled_from([SECRET, SECRET[:-1], ""]) | LATIN,
    st.booleans(),
    st.sampled_from([BOT, "1", "x"]),
)
def test_an_update_is_stored_whole_or_refused(
    wait: Wait, channel: TelegramChannel, body: bytes, secret: str, away: bool, account: str
) -> None:
    wait(_update(channel, body, secret, away, account))


async def _update(channel: TelegramChannel, body: bytes, secret: str, away: bool, account: str) -> None:
    desk, app = Desk(), FastAPI()
    desk.refuse = lambda inbound: away
    app.include_router(webhook_router(channel, SECRET, desk.accept))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bot.example") as caller:
        answer = await caller.post(f"/telegram/{account}", content=body, headers={SECRET_HEADER: secret})
    ours = account == BOT and secret == SECRET
    assert answer.status_code in ((200, 400, 503) if ours else (401, 404))
    assert answer.content == b""
    assert len(desk.seen) == (1 if answer.status_code == 503 else len(desk.kept))
    assert len(desk.kept) <= (answer.status_code == 200)
    for kept in desk.kept:
        assert _whole(kept, body)


def _whole(kept: Inbound, body: bytes) -> bool:
    sent: dict[str, Any] = json.loads(body)
    return kept.raw == body and kept.external_id == f"u{sent['update_id']}" and int(kept.address) is not None
