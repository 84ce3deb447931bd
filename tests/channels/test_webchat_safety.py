"""The phone page against strangers, other sites, repeats of old forms and oversize."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.channels.web.headers import CONTENT_POLICY
from tests.support.web_backend import GOOD_CODE, MemoryBackend, dose_question
from tests.support.web_visitor import Visitor, visiting

TAKEN = dose_question(1).choices[0].press


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with visiting(MemoryBackend()) as one:
        yield one


async def test_every_answer_wears_the_headers(visitor: Visitor) -> None:
    await visitor.link()
    form = visitor.form(text="好")
    stylesheet = visitor.page.split('rel="stylesheet" href="')[1].split('"')[0]
    answers = [
        await visitor.client.get(f"/i/{GOOD_CODE}"),
        await visitor.client.get("/chat"),
        await visitor.client.get("/chat/say"),
        await visitor.client.get(stylesheet),
        await visitor.client.get("/static/page/none.css"),
        await visitor.send("/chat/say", form),
        await visitor.send("/chat/say", {}),
        await visitor.send("/chat/press", {}, **{"Sec-Fetch-Site": "cross-site"}),
        await visitor.client.get("/chat", headers={"Sec-Purpose": "prefetch"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 303, 200, 404, 303, 403, 403, 204]
    for answer in answers:
        assert answer.headers["content-security-policy"] == CONTENT_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        lasting = answer.url.path == stylesheet
        assert answer.headers["cache-control"].startswith("public" if lasting else "no-store")


def test_the_content_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert set(rules.values()) == {"'none'", "'self'"}


async def test_pages_hold_nothing_inline_nothing_foreign_and_may_be_zoomed(visitor: Visitor) -> None:
    await visitor.link()
    pages = [visitor.page, (await visitor.client.get(f"/i/{GOOD_CODE}")).text]
    for page in pages:
        assert "style=" not in page
        assert "<style" not in page
        assert "onclick" not in page
        assert "://" not in page
        assert "user-scalable" not in page
        assert "maximum-scale" not in page
        assert page.count("<script") == page.count("<script src=")


async def test_the_cookie_is_kept_from_scripts_and_other_hosts(visitor: Visitor) -> None:
    await visitor.open(f"/i/{GOOD_CODE}")
    answer = await visitor.send(f"/i/{GOOD_CODE}", {"once": visitor.hidden("once")})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-suiyao=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=34560000"):
        assert part in cookie
    assert "Domain" not in cookie


async def test_without_https_the_cookie_still_works_for_the_demonstration() -> None:
    async with visiting(MemoryBackend(), secure=False) as visitor:
        await visitor.link()
        assert "第1题" in visitor.page
        answer = await visitor.client.get("/chat")
        assert "strict-transport-security" not in answer.headers
        assert "Secure" not in answer.headers["set-cookie"]


async def test_an_unknown_device_gets_a_kind_page_and_no_effect(visitor: Visitor) -> None:
    for cookies in ({}, {"__Host-suiyao": "A" * 43}, {"__Host-suiyao": "<script>"}):
        async with visiting(visitor.backend) as stranger:
            stranger.client.cookies.update(cookies)
            answer = await stranger.open()
            assert answer.status_code == 401
            assert "请护士再给您发一个新的邀请" in answer.text
            assert (await stranger.client.get("/chat/events")).status_code == 204
            for path in ("/chat/say", "/chat/press", "/chat/upload"):
                assert (await stranger.send(path, {"text": "x", "data": "a:b"})).status_code == 401
    assert visitor.backend.inbounds == []


async def test_an_unknown_device_is_refused_before_its_body_is_read(visitor: Visitor) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"0" * 65536

    answer = await visitor.client.post(
        "/chat/upload", content=endless(), headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "https://page.test.evil.test"},
        {"Origin": "https://page.test", "Sec-Fetch-Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/chat/say", "/chat/press", "/chat/size", f"/i/{GOOD_CODE}"])
async def test_forms_of_other_sites_are_refused(visitor: Visitor, path: str, headers: dict[str, str]) -> None:
    await visitor.link()
    before = len(visitor.backend.inbounds)
    fields = visitor.form(text="我吃了", data=TAKEN.data if TAKEN else "", size="200")
    answer = await visitor.client.post(path, data=fields, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "我吃了" not in answer.text
    assert len(visitor.backend.inbounds) == before


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Origin": "https://page.test"}])
async def test_old_browsers_without_fetch_headers_are_served(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    await visitor.link()
    answer = await visitor.client.post("/chat/say", data=visitor.form(text="好"), headers=headers)
    assert answer.status_code == 303


async def test_a_form_of_another_device_is_refused_and_the_words_are_kept(visitor: Visitor) -> None:
    await visitor.link()
    async with visiting(visitor.backend) as other:
        await other.link()
        before = len(visitor.backend.inbounds)
        stolen = other.form(text="替别人说的")
    answer = await visitor.send("/chat/say", stolen)
    assert (answer.status_code, "刚才的没有发出去" in answer.text) == (403, True)
    assert visitor.kept() == "替别人说的"
    assert len(visitor.backend.inbounds) == before
    assert (await visitor.send("/chat/say", visitor.form(text=visitor.kept()))).status_code == 303


async def test_one_device_cannot_use_up_the_ids_of_another(visitor: Visitor) -> None:
    await visitor.link()
    once = visitor.hidden("once")
    async with visiting(visitor.backend) as other:
        await other.link()
        await other.send("/chat/say", {**other.form(text="好"), "once": once})
    await visitor.send("/chat/say", visitor.form(text="好"))
    first, second = visitor.backend.heard[-2:]
    assert first.external_id != second.external_id


@pytest.mark.parametrize("once", ["", "x", "y" * 500, "中" * 22])
async def test_a_made_up_one_time_id_is_refused(visitor: Visitor, once: str) -> None:
    await visitor.link()
    answer = await visitor.send("/chat/say", {**visitor.form(text="好"), "once": once})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "data", ["", "taken", ":", "a:", ":b", "a:b:c", "药:taken", "a:TAKEN", "a" * 60 + ":taken"]
)
async def test_a_press_that_no_button_can_make_is_refused(visitor: Visitor, data: str) -> None:
    await visitor.link()
    before = len(visitor.backend.inbounds)
    answer = await visitor.send("/chat/press", visitor.form(data=data))
    assert (answer.status_code, "没有认出来" in answer.text) == (400, True)
    assert len(visitor.backend.inbounds) == before


async def test_a_form_over_one_mebibyte_is_refused(visitor: Visitor) -> None:
    await visitor.link()
    before = len(visitor.backend.inbounds)
    answer = await visitor.send("/chat/say", visitor.form(text="x" * (1024 * 1024 + 1)))
    assert (answer.status_code, "太大了" in answer.text) == (413, True)
    assert len(visitor.backend.inbounds) == before


async def test_an_oversized_body_without_a_length_is_cut_off(visitor: Visitor) -> None:
    await visitor.link()
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65536
            yield b"0" * 65536

    answer = await visitor.client.post("/chat/say", content=endless())
    assert answer.status_code == 413
    assert read <= 4 * 1024 * 1024


async def test_ten_megabytes_are_taken_and_one_byte_more_is_not(visitor: Visitor) -> None:
    await visitor.link()
    full = b"\xff\xd8\xff" + b"0" * (10 * 1024 * 1024 - 3)
    taken = await visitor.client.post("/chat/upload", data=visitor.form(), files={"file": ("a.jpg", full)})
    assert taken.status_code == 303
    more = await visitor.client.post(
        "/chat/upload", data=visitor.form(), files={"file": ("a.jpg", full + b"0")}
    )
    assert (more.status_code, "超过了10兆" in more.text) == (413, True)
    assert len(visitor.backend.heard) == 3


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data; boundary=x", b"--y\r\nrubbish"),
        ("multipart/form-data", b""),
        ("text/plain", b"hello"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
    ],
)
async def test_a_malformed_upload_is_refused(visitor: Visitor, content_type: str, content: bytes) -> None:
    await visitor.link()
    answer = await visitor.client.post(
        "/chat/upload", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code in (400, 403)
    assert len(visitor.backend.heard) == 2


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"&".join(b"a=1" for _ in range(50)), b"text=%ff%fe&check=%00"]
)
async def test_a_malformed_form_never_crashes(visitor: Visitor, body: bytes) -> None:
    await visitor.link()
    answer = await visitor.client.post(
        "/chat/say", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("code", ["a" * 65, "<b>", "中文", "a.b", "%00"])
async def test_an_impossible_code_is_an_unknown_page(visitor: Visitor, code: str) -> None:
    assert (await visitor.client.get(f"/i/{code}")).status_code == 404
    assert (await visitor.send(f"/i/{code}", {})).status_code == 404
    assert visitor.backend.inbounds == []


async def test_a_page_fetched_ahead_does_not_count_as_read(visitor: Visitor) -> None:
    await visitor.link()
    views = visitor.backend.views
    for headers in ({"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}):
        assert (await visitor.client.get("/chat", headers=headers)).status_code == 204
    assert visitor.backend.views == views


async def test_logs_hold_no_words_and_no_tokens(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await visitor.link()
    await visitor.send("/chat/say", visitor.form(text="秘密" * 3000))
    visitor.backend.accept_fails = ConnectionError("秘密")
    await visitor.send("/chat/say", visitor.form(text="秘密"))
    assert "page_accept_failed" in {getattr(record, "action", "") for record in caplog.records}
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    written = " ".join(f"{record.getMessage()} {record.__dict__}" for record in ours)
    assert "秘密" not in written
    assert visitor.token not in written


async def test_the_page_itself_never_shows_the_device_token(visitor: Visitor) -> None:
    await visitor.link()
    answer = await visitor.open()
    assert isinstance(answer, httpx.Response)
    assert visitor.token not in visitor.page
    assert visitor.token not in str(answer.url)
