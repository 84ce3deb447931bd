"""A telephone passes to another participant, of another site: what was begun on it stays with whom it was begun."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.app.page import ACCOUNT
from bot.db.alerts import Alert
from bot.db.doses import DoseReport
from bot.db.outbox import OutboundMessage
from bot.db.symptoms import SymptomReport
from bot.db.timers import Timer
from bot.messages import Inbound, Kind
from bot.rehearsal.phones import Phone
from bot.services import inbox, linking, screens
from bot.services.context import Ctx
from tests.services.conftest import FIRST_DOSE, LINKING, PHONES, SHANGHAI, WORDS, House

CHECK = ("本人回答", "气短、胸闷，或胸口疼", "选好了", "都没有", "都没有", "都没有")


async def passes_on(house: House, phone: Phone) -> None:
    """The telephone of the first opens the invitation of the second, who agrees."""
    async with house.ctx.begin() as tx:
        code = (await linking.invite(tx, house.people[1].participant_id, "staff:0", "family")).code
    await house.stage.hear(phone, Kind.START, text=code)
    for words in (PHONES[1][-4:], "1", "1", "1", "1"):
        await house.stage.say(phone, words)


async def rows(house: House, *columns: Any) -> list[Row[Any]]:
    async with house.ctx.begin() as tx:
        return await tx.all(select(*columns))


async def nothing_failed(house: House) -> None:
    assert not [row for row in await rows(house, Timer.kind, Timer.tries) if row.tries]


async def test_a_check_left_half_way_is_of_who_began_it(house: House) -> None:
    first, _ = house.people
    await house.stage.move_to(datetime(2026, 11, 3, 14, 0, tzinfo=SHANGHAI))
    await house.stage.say(first.phone, "报告不适")
    for label in CHECK:
        await house.stage.press(first.phone, label)
    await passes_on(house, first.phone)
    await house.stage.move_to(datetime(2026, 11, 8, 15, 10, tzinfo=SHANGHAI))
    alerts = await rows(house, Alert.participant_id, Alert.kind)
    assert {row.participant_id for row in alerts if row.kind == "symptom"} == {first.participant_id}
    reports = await rows(house, SymptomReport.participant_id, SymptomReport.recorded_by)
    assert {row.participant_id for row in reports} == {first.participant_id}
    await nothing_failed(house)


async def test_what_a_relative_marked_is_of_whom_she_marked_it_for(house: House) -> None:
    """Her telephone is another's family's by the time at which the participant answers the week."""
    first, _ = house.people
    async with house.ctx.begin() as tx:
        code = (await linking.invite(tx, first.participant_id, "staff:0", "family")).code
    hers = house.stage.phone("relative")
    await house.stage.hear(hers, Kind.START, text=code)
    for words in (PHONES[0][-4:], "1", "1", "1", "1", "1"):
        await house.stage.say(hers, words)
    await house.stage.move_to(datetime(2026, 11, 8, 7, 55, tzinfo=SHANGHAI))
    await house.stage.say(hers, "报告不适")
    for label in ("家人替本人答", *CHECK[1:3]):
        await house.stage.press(hers, label)
    await passes_on(house, hers)
    await house.stage.say(first.phone, "报告不适")
    for label in ("本人回答", *["都没有"] * 4, "没有了"):
        await house.stage.press(first.phone, label)
    alerts = await rows(house, Alert.participant_id, Alert.kind)
    assert {row.participant_id for row in alerts if row.kind == "symptom"} == {first.participant_id}
    await nothing_failed(house)


async def test_a_dose_told_half_way_is_of_who_told_it(house: House) -> None:
    first, _ = house.people
    await house.stage.move_to(FIRST_DOSE)
    await house.stage.press(first.phone, "查看")
    await house.stage.say(first.phone, "没吃")
    await passes_on(house, first.phone)
    await house.stage.move_to(datetime(2026, 11, 5, 15, 10, tzinfo=SHANGHAI))
    reports = await rows(house, DoseReport.participant_id, DoseReport.status)
    assert {row.participant_id for row in reports} == {first.participant_id}
    await nothing_failed(house)


async def test_words_that_nobody_explained_are_of_who_wrote_them(house: House) -> None:
    first, _ = house.people
    await house.stage.move_to(FIRST_DOSE)
    await house.stage.say(first.phone, "吃了")
    await house.stage.say(first.phone, "吃了两粒")
    await passes_on(house, first.phone)
    await house.stage.move_to(datetime(2026, 11, 2, 11, 10, tzinfo=SHANGHAI))
    alerts = await rows(house, Alert.participant_id, Alert.rule)
    assert {(row.participant_id, row.rule) for row in alerts} == {
        (first.participant_id, "relay_unplanned@1"),
        (first.participant_id, "relay_amount@1"),
    }
    await nothing_failed(house)


async def test_an_extra_dose_told_half_way_is_not_answered_on_the_others_telephone(house: House) -> None:
    first, _ = house.people
    await house.stage.move_to(FIRST_DOSE)
    await house.stage.say(first.phone, "吃了")
    await house.stage.move_to(datetime(2026, 11, 3, 9, 0, tzinfo=SHANGHAI))
    await house.stage.say(first.phone, "刚吃了药")
    await house.stage.press(first.phone, "来那度胺")
    await passes_on(house, first.phone)
    house.stage.shown.clear()
    await house.stage.move_to(datetime(2026, 11, 3, 10, 10, tzinfo=SHANGHAI))
    alerts = await rows(house, Alert.participant_id, Alert.kind)
    assert {row.participant_id for row in alerts if row.kind == "extra_dose"} == {first.participant_id}
    said = await rows(house, OutboundMessage.text_id, OutboundMessage.unique_key)
    assert not [row for row in said if row.text_id.startswith("danger.")]
    await nothing_failed(house)


async def test_the_page_shows_the_second_nothing_of_the_first(house: House) -> None:
    await linked(house, 0)
    await does(house.ctx, "words", WORDS[0])
    before = await shown(house.ctx)
    assert WORDS[0] in before and "010-12345678" in before
    await linked(house, 1)
    after = await shown(house.ctx)
    assert WORDS[0] not in after and "010-12345678" not in after and "020-87654321" in after


async def does(ctx: Ctx, name: str, words: str, kind: Kind = Kind.TEXT) -> None:
    await inbox.receive(ctx, Inbound("web", ACCOUNT, "page-1", name, kind, None, text=words))
    while await inbox.handle_next(ctx):
        pass


async def linked(house: House, number: int) -> None:
    """The page opens the invitation of one of the two, for his family, and agrees."""
    async with house.ctx.begin() as tx:
        code = (await linking.invite(tx, house.people[number].participant_id, "staff:0", "family")).code
    await does(house.ctx, f"{number}-start", code, Kind.START)
    for place, words in enumerate((PHONES[number][-4:], *LINKING)):
        await does(house.ctx, f"{number}-{place}", words)


async def shown(ctx: Ctx) -> str:
    screen = await screens.view(ctx, ACCOUNT, "page-1")
    assert screen is not None
    return "\n".join(line.text for line in screen.spoken)


async def test_everybody_gets_the_fixed_text_also_where_no_message_is_behind_it(house: House) -> None:
    await house.stage.move_to(FIRST_DOSE)
    for person in house.people:
        await house.stage.say(person.phone, "吃了")
    await house.stage.move_to(datetime(2026, 11, 3, 9, 0, tzinfo=SHANGHAI))
    for person in house.people:
        await house.stage.say(person.phone, "刚吃了药")
        await house.stage.press(person.phone, "来那度胺")
        for words in ("停止", "暂停提醒", "对，暂停提醒"):
            await house.stage.say(person.phone, words)
    said = await rows(house, OutboundMessage.participant_id, OutboundMessage.text_id)
    told = sorted(row.participant_id for row in said if row.text_id == "danger.urgent")
    assert told == sorted(person.participant_id for person in house.people)
    keys = [row.unique_key or "" for row in await rows(house, OutboundMessage.unique_key)]
    keys += [row.unique_key for row in await rows(house, Alert.unique_key)]
    assert not [key for key in keys if "None" in key.split(":")]
