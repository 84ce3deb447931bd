"""The phone page over HTTP, as a phone without JavaScript uses it: what is shown, what reaches the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.errors import Refused
from bot.messages import Choice, Kind, Press
from tests.support.web_backend import GOOD_CODE, LAST_FOUR, WHEN, MemoryBackend, dose_question
from tests.support.web_visitor import Visitor, visiting

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 200


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with visiting(MemoryBackend()) as one:
        yield one


async def test_looking_at_an_invitation_changes_nothing_and_names_nobody(visitor: Visitor) -> None:
    answer = await visitor.open(f"/i/{GOOD_CODE}")
    head = await visitor.client.head(f"/i/{GOOD_CODE}")
    assert (answer.status_code, head.status_code) == (200, 200)
    assert visitor.backend.inbounds == []
    assert visitor.backend.views == 0
    assert "set-cookie" not in answer.headers
    assert visitor.page.count("<button class=") == 1
    assert "开始" in visitor.page
    assert "010-8888 6666" not in visitor.page


async def test_start_binds_the_device_and_hands_over_the_code(visitor: Visitor) -> None:
    await visitor.open(f"/i/{GOOD_CODE}")
    answer = await visitor.send(f"/i/{GOOD_CODE}", {"once": visitor.hidden("once")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
    (heard,) = visitor.backend.heard
    assert (heard.channel, heard.account, heard.kind, heard.text) == ("web", "page", Kind.START, GOOD_CODE)
    assert heard.address == visitor.token
    assert len(heard.address) == 43  # 256 bits
    assert heard.sent_at is None
    await visitor.open()
    assert LAST_FOUR.text in visitor.page
    assert 'inputmode="numeric"' in visitor.page
    assert "今天的药" not in visitor.page, "no menu before the invitation is confirmed"


async def test_a_second_start_keeps_the_device(visitor: Visitor) -> None:
    await visitor.start()
    token = visitor.token
    await visitor.start()
    assert visitor.token == token
    assert len(visitor.backend.heard) == 2


async def test_from_invitation_to_recorded_dose(visitor: Visitor) -> None:
    await visitor.link()
    assert "第1题，共2题" in visitor.page
    await visitor.send("/chat/press", visitor.form(data=_data(1, "taken")))
    await visitor.open()
    assert "记下了：今天早上8:05吃了。" in visitor.page
    assert "第2题，共2题" in visitor.page
    await visitor.send("/chat/press", visitor.form(data=_data(2, "not_taken")))
    await visitor.open()
    assert "现在没有要回答的问题" in visitor.page
    assert [(heard.kind, heard.text, heard.press) for heard in visitor.backend.heard] == [
        (Kind.START, GOOD_CODE, None),
        (Kind.TEXT, "6789", None),
        (Kind.CHOICE, "", Press(dose_question(1).token, "taken")),
        (Kind.CHOICE, "", Press(dose_question(2).token, "not_taken")),
    ]


@pytest.mark.parametrize(
    ("path", "fields"), [("/chat/say", {"text": "刚才吃了"}), ("/chat/press", {"data": "m" * 16 + ":today"})]
)
async def test_the_same_form_sent_three_times_is_one_message(
    visitor: Visitor, path: str, fields: dict[str, str]
) -> None:
    await visitor.link()
    before = len(visitor.backend.heard)
    form = visitor.form(**fields)
    answers = [await visitor.send(path, form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert len({heard.external_id for heard in visitor.backend.inbounds[-3:]}) == 1
    assert len(visitor.backend.heard) == before + 1


async def test_other_words_from_the_same_form_are_not_lost_as_a_repeat(visitor: Visitor) -> None:
    await visitor.link()
    form = visitor.form(text="8点吃的")
    await visitor.send("/chat/say", form)
    await visitor.send("/chat/say", {**form, "text": "8点半吃的"})
    assert [heard.text for heard in visitor.backend.heard[-2:]] == ["8点吃的", "8点半吃的"]


async def test_the_same_words_from_a_new_page_are_a_new_message(visitor: Visitor) -> None:
    await visitor.link()
    for _ in range(2):
        await visitor.open()
        await visitor.send("/chat/say", visitor.form(text="头有点晕"))
    assert [heard.text for heard in visitor.backend.heard[-2:]] == ["头有点晕", "头有点晕"]


async def test_a_picture_is_handed_over_in_whole(visitor: Visitor) -> None:
    await visitor.link()
    answer = await visitor.client.post(
        "/chat/upload", data=visitor.form(), files={"file": ("药盒.jpg", JPEG, "image/jpeg")}
    )
    assert answer.status_code == 303
    media = visitor.backend.heard[-1].media
    assert media is not None
    assert (media.kind, media.media_type, media.content) == ("picture", "image/jpeg", JPEG)


async def test_what_is_no_picture_or_voice_is_refused_kindly(visitor: Visitor) -> None:
    await visitor.link()
    page = b"<html><script>alert(1)</script></html>"
    for name, content, media_type in (
        ("x.jpg", page, "image/jpeg"),
        ("x.pdf", b"%PDF-1.7", "application/pdf"),
        ("film.mp4", b"\x00\x00\x00\x18ftypisom", "video/mp4"),
    ):
        answer = await visitor.client.post(
            "/chat/upload", data=visitor.form(), files={"file": (name, content, media_type)}
        )
        assert answer.status_code == 415
        assert "这里只收照片和录音" in answer.text
    assert visitor.backend.heard[-1].kind is not Kind.MEDIA


async def test_an_empty_upload_and_empty_words_are_explained(visitor: Visitor) -> None:
    await visitor.link()
    nothing = await visitor.client.post(
        "/chat/upload", data=visitor.form(), files={"file": ("", b"", "application/octet-stream")}
    )
    assert (nothing.status_code, "还没有选照片或录音" in nothing.text) == (400, True)
    empty = await visitor.send("/chat/say", visitor.form(text=" \r\n "))
    assert (empty.status_code, "还没有写字" in empty.text) == (400, True)


async def test_later_folds_this_question_only(visitor: Visitor) -> None:
    await visitor.link()
    visitor.backend.ask(visitor.token, WHEN)
    await visitor.open()
    assert f"/chat?later={WHEN.token}" in visitor.page
    await visitor.open(f"/chat?later={WHEN.token}")
    assert "这个问题先放着" in visitor.page
    assert "就是刚才" not in visitor.page
    assert "返回问题" in visitor.page
    visitor.backend.ask(visitor.token, dose_question(1))
    await visitor.open(f"/chat?later={WHEN.token}")
    assert "您吃了吗" in visitor.page


async def test_the_page_offers_no_later_beside_an_answer_that_says_so(visitor: Visitor) -> None:
    await visitor.link()
    assert "晚点吃" in visitor.page
    assert "稍后再说" not in visitor.page


async def test_words_are_hidden_behind_a_fold_unless_the_question_takes_them(visitor: Visitor) -> None:
    await visitor.link()
    assert '<details id="write">' in visitor.page
    visitor.backend.ask(visitor.token, WHEN)
    await visitor.open()
    assert '<details id="write"' not in visitor.page
    assert "也可以写在这里" in visitor.page


async def test_the_site_phone_can_be_called_and_120_too(visitor: Visitor) -> None:
    await visitor.link()
    assert 'href="tel:01088886666"' in visitor.page
    assert 'href="tel:120"' in visitor.page
    assert "不是一天24小时都有人看" in visitor.page


async def test_a_choice_may_open_a_page_but_never_a_script(visitor: Visitor) -> None:
    await visitor.link()
    token = "open000000000000"
    links = (Choice("打开说明", url="https://site.test/a"), Choice("坏", url="javascript:alert(1)"))
    question = dose_question(1)
    visitor.backend.ask(
        visitor.token, type(question)(token, "请看说明。", links, progress="", takes_words=False)
    )
    await visitor.open()
    assert 'href="https://site.test/a"' in visitor.page
    assert "javascript:" not in visitor.page


async def test_english_when_the_conversation_is_english() -> None:
    async with visiting(MemoryBackend(language="en")) as visitor:
        await visitor.link()
        assert '<html lang="en"' in visitor.page
        assert "Question 1 of 2" in visitor.page
        stranger = await visitor.client.get(f"/i/{GOOD_CODE}", headers={"Accept-Language": "en-GB,en"})
        assert "Start" in stranger.text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE doses; --",
        "\u202e右到左\u202c emoji 👵🏻💊",
        "\n第一行是空的",
        "字" * 4096,
    ],
)
async def test_whatever_is_written_is_kept_and_shown_as_text(visitor: Visitor, text: str) -> None:
    await visitor.link()
    answer = await visitor.send("/chat/say", visitor.form(text=text))
    assert answer.status_code == 303
    assert visitor.backend.heard[-1].text == text.strip()
    await visitor.open()
    assert "<script>alert" not in visitor.page
    assert text.strip().replace("'", "&#39;").replace("<", "&lt;").replace(">", "&gt;") in visitor.page


async def test_too_many_words_are_shown_again_not_lost(visitor: Visitor) -> None:
    await visitor.link()
    text = "\n一 <b>" + "字" * 4100
    answer = await visitor.send("/chat/say", visitor.form(text=text))
    assert answer.status_code == 413
    assert "您写了4105个字，一次最多能发4096个字" in answer.text
    assert visitor.kept() == text.strip()
    assert visitor.backend.heard[-1].text == "6789"


async def test_when_it_could_not_be_stored_the_words_can_be_sent_again(visitor: Visitor) -> None:
    await visitor.link()
    visitor.backend.accept_fails = ConnectionError("down")
    form = visitor.form(text="今天没力气")
    answer = await visitor.send("/chat/say", form)
    assert answer.status_code == 503
    assert "没有收到" in answer.text
    assert visitor.kept() == "今天没力气"
    assert visitor.hidden("once") == form["once"], (
        "it may have been stored all the same: not a second message"
    )
    visitor.backend.accept_fails = None
    assert (await visitor.send("/chat/say", visitor.form(text=visitor.kept()))).status_code == 303
    assert visitor.backend.heard[-1].text == "今天没力气"


async def test_when_even_the_conversation_cannot_be_read_the_words_stay(visitor: Visitor) -> None:
    await visitor.link()
    visitor.backend.view_fails = ConnectionError("down")
    assert (await visitor.client.get("/chat")).status_code == 503
    answer = await visitor.send("/chat/say", visitor.form(text="字" * 5000))
    assert answer.status_code == 503
    assert visitor.kept() == "字" * 5000


async def test_a_refusal_of_the_domain_is_shown_in_its_own_words(visitor: Visitor) -> None:
    await visitor.link()
    visitor.backend.accept_fails = Refused("page.error.file_kind")
    answer = await visitor.send("/chat/say", visitor.form(text="听见了吗"))
    assert (answer.status_code, "这里只收照片和录音" in answer.text) == (409, True)
    assert visitor.kept() == "听见了吗"


async def test_the_text_size_is_remembered(visitor: Visitor) -> None:
    await visitor.start()
    answer = await visitor.send("/chat/size", {"size": "200", "back": "/chat"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
    await visitor.open()
    assert 'class="size-200"' in visitor.page
    await visitor.send("/chat/size", {"size": "9000", "back": "https://elsewhere.test/"})
    assert (await visitor.open()).status_code == 200
    assert 'class="size-200"' in visitor.page


async def test_the_size_buttons_return_to_our_own_pages_only(visitor: Visitor) -> None:
    for back, expected in (
        (f"/i/{GOOD_CODE}", f"/i/{GOOD_CODE}"),
        ("//elsewhere.test", "/chat"),
        ("https://elsewhere.test/chat", "/chat"),
        ("/chat/../../x", "/chat"),
    ):
        answer = await visitor.send("/chat/size", {"size": "150", "back": back})
        assert answer.headers["location"] == expected


def _data(number: int, answer: str) -> str:
    return Press(dose_question(number).token, answer).data
