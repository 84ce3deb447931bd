"""The morning's digest: who needs somebody, worst first, once, and to each recipient on its own."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select, update

from bot.channels.email import ACCOUNT, EmailChannel
from bot.db.alerts import Alert
from bot.db.digests import Digest
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact
from bot.db.sites import Site
from bot.errors import SendError
from bot.messages import Kind
from bot.rehearsal.phones import Phone
from bot.rehearsal.stage import Stage
from bot.services import alert_life, deployment, digests, firing, needs, pacing, sending
from bot.services.alerts import Cause, raise_alert
from bot.services.enrolment import Enrolled, NewStaff, add_staff
from bot.services.locking import lock_participant
from bot.services.needs import Need
from bot.services.timers import fire_next
from tests.services.conftest import LINKING, SHANGHAI
from tests.support.house import PHONE, Town, enrolled
from tests.support.snapshots import once

EIGHT = datetime(2026, 11, 8, 8, 0, tzinfo=SHANGHAI)


async def _linked(stage: Stage, person: Enrolled, address: str) -> None:
    phone = stage.phone(address)
    await stage.hear(phone, Kind.START, text=person.invited.code)
    for words in (PHONE[-4:], *LINKING):
        await stage.say(phone, words)


@pytest.fixture
async def week(town: Town) -> Stage:
    """Five people: one silent, one with a doubtful temperature, one with chest pain, one calm, one who never linked."""
    stage = Stage(town.ctx)
    stage.phones = await once(town.ctx, "a week of five people", lambda: _week(town))
    return stage


async def _week(town: Town) -> dict[str, Phone]:
    stage = Stage(town.ctx)
    people = [await enrolled(town, "lenalidomide") for _ in range(5)]
    async with town.ctx.begin() as tx:
        await digests.plan_all(tx)
        for number in range(2):
            more = NewStaff("TST", "coordinator", f"协调{number}", f"c{number}@example.org", "en")
            await add_staff(tx, more, "test")
    for number, person in enumerate(people[:4]):
        await _linked(stage, person, str(number))
    for day in (2, 4, 6):
        await stage.move_to(datetime(2026, 11, day, 8, 5, tzinfo=SHANGHAI))
        for number in (1, 2, 3):
            await stage.press(stage.phone(str(number)), "查看")
            await stage.press(stage.phone(str(number)), "吃了")
    await stage.say(stage.phone("1"), "今天发烧38.2度")
    await stage.say(stage.phone("2"), "胸口疼")
    return stage.phones


async def rows(stage: Stage, purpose: str = "digest") -> list[OutboundMessage]:
    async with stage.ctx.begin() as tx:
        query = select(OutboundMessage).filter_by(purpose=purpose).order_by(OutboundMessage.message_id)
        return await tx.all(query)  # type: ignore[return-value]  # rows with the same columns


async def test_one_line_a_person_worst_first_and_silence_among_them(week: Stage) -> None:
    await week.move_to(datetime(2026, 11, 7, 7, 0, tzinfo=SHANGHAI))
    async with week.ctx.begin() as tx:
        found = await needs.of_site(tx, 1)
        written = await digests.preview(tx, "TST", "zh_Hans_CN")
    told = [(need.subject_id, need.tier, need.kinds) for need in found]
    assert told == [
        ("TST-003", "emergency", ("danger",)),
        ("TST-001", "urgent", ("silent_doses",)),
        ("TST-002", "urgent", ("danger",)),
        ("TST-005", "routine", ("unreachable",)),
    ]
    lines = [line for line in written.body.splitlines() if "TST-00" in line]
    assert [line[line.index("TST-00") :][:7] for line in lines] == [subject for subject, *_ in told]
    assert "TST-004" not in written.body and "发烧" not in written.body and "李桂兰" not in written.body


async def test_a_preview_keeps_and_sends_nothing(week: Stage) -> None:
    async with week.ctx.begin() as tx:
        before = len(await tx.all(select(Digest)))
        await digests.preview(tx, "TST", "en")
    async with week.ctx.begin() as tx:
        assert len(await tx.all(select(Digest))) == before


async def test_it_is_a_record_and_never_sent_twice(week: Stage) -> None:
    await week.move_to(EIGHT)
    sent = await rows(week)
    async with week.ctx.begin() as tx:
        kept = (await tx.all(select(Digest).order_by(Digest.digest_id)))[-1]
    assert str(kept.day) == "2026-11-08"
    assert [need["subject_id"] for need in kept.content["needs"]][:1] == ["TST-003"]
    mine = [row for row in sent if str(row.unique_key).startswith(f"digest:{kept.digest_id}:")]
    assert len(mine) == 3 and len({row.contact_id for row in mine}) == 3
    async with week.ctx.begin() as tx:  # an old timer that comes back, after a restored backup
        timer = type("Timer", (), {"payload": {"site_id": 1, "day": "2026-11-08"}})
        assert await digests.send(tx, timer) == "made_before"  # type: ignore[arg-type]  # all of a row that it reads
    assert len(await rows(week)) == len(sent)


async def test_what_was_closed_waits_no_more_and_tomorrows_tells_how_it_ended(week: Stage) -> None:
    async with week.ctx.begin() as tx:
        need = (await needs.of_site(tx, 1))[0]
        alert = await tx.scalar(
            select(Alert.alert_id).filter_by(participant_id=need.participant_id, kind="danger")
        )
        await lock_participant(tx, need.participant_id)
        await alert_life.acknowledge(tx, alert, 1)
        assert (await needs.of_site(tx, 1))[0].taken_by == "staff:1"
        await alert_life.close(tx, alert, 1, "settled", "来院看过")
        assert need.subject_id not in [one.subject_id for one in await needs.of_site(tx, 1)]
        written = (await digests.preview(tx, "TST", "en")).body
    assert f"{need.subject_id}: emergency; danger words; settled" in written.lower().replace("tst", "TST")
    await week.move_to(EIGHT)
    async with week.ctx.begin() as tx:
        kept = await tx.all(select(Digest).order_by(Digest.digest_id))
    assert [one["outcome"] for row in kept for one in row.content["dealt_with"]] == ["settled"]  # told once


async def test_a_cycle_to_confirm_and_a_lost_contact_stand_in_it(week: Stage) -> None:
    await week.hear(week.phone("3"), Kind.BLOCKED)
    await week.move_to(datetime(2026, 12, 1, 7, 0, tzinfo=SHANGHAI))
    async with week.ctx.begin() as tx:
        found = {need.subject_id: need.kinds for need in await needs.of_site(tx, 1)}
    assert "contact_lost" in found["TST-004"] and "cycle_to_confirm" in found["TST-004"]


class Refusing:
    """A relay that does not know one of the recipients."""

    def __init__(self, unknown: str) -> None:
        self.unknown, self.taken = unknown, list[tuple[str, str]]()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=default)
        self.taken.append((envelope.rcpt_tos[0], str(mail["Subject"])))
        return "250 OK"


async def test_one_refusing_recipient_stops_nobody_else(week: Stage) -> None:
    await week.move_to(EIGHT)
    async with week.ctx.begin() as tx:
        await tx.execute(
            update(OutboundMessage)
            .where(OutboundMessage.channel == "email", OutboundMessage.state == "queued")
            .where(OutboundMessage.purpose != "digest")
            .values(state="cancelled")
        )
    relay = Refusing("c0@example.org")
    loop, lines = asyncio.get_running_loop(), list[SMTP]()

    def line() -> SMTP:
        lines.append(SMTP(relay, loop=loop))
        return lines[-1]

    server = await loop.create_server(line, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        channel = EmailChannel(f"smtp://127.0.0.1:{port}", "suiyao@hospital.example")
        await _deliver(week, channel)
    finally:
        server.close()
        for one in lines:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0.01)
    newest = (await rows(week))[-3:]
    assert sorted(str(row.state) for row in newest) == ["refused", "sent", "sent"]
    assert {to for to, _ in relay.taken} == {"nurse@example.org", "c1@example.org"}


async def _deliver(stage: Stage, channel: EmailChannel) -> None:
    async with stage.ctx.begin() as tx:
        account = await tx.scalar(select(Contact.account).filter_by(channel="email").limit(1))
    assert account in (ACCOUNT, "none")
    while parcels := await sending.claim(stage.ctx, "email", account, pacing.UNPACED):
        for parcel in parcels:
            try:
                result: str | SendError = await channel.send(parcel.outbound)
            except SendError as problem:
                result = problem
            await sending.settle(stage.ctx, parcel, result)


async def test_a_new_site_gets_its_own(town: Town) -> None:
    async with town.ctx.begin() as tx:
        await digests.plan_all(tx)
        written = await digests.preview(tx, "TST", "en")
    assert "Nobody" in written.body or "nobody" in written.body
    stage = Stage(town.ctx)
    await stage.move_to(datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI))
    assert not await fire_next(town.ctx, firing.FIRE)
    assert len(await rows(stage)) == 1


async def test_what_was_being_closed_as_it_was_made_stands_in_the_next(town: Town) -> None:
    """Whoever closes an alert may have begun before the digest and be through after it."""
    person = await enrolled(town)
    async with town.ctx.begin() as tx:
        await digests.plan_all(tx)
        cause = Cause(person.participant_id, "danger", "emergency", "a@1", "cause:1")
        alert = await raise_alert(tx, cause)
    assert alert is not None
    eight = datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI)
    await deployment.set_virtual_now(town.ctx, eight - timedelta(seconds=1))
    async with town.ctx.begin() as slow:
        await alert_life.close(slow, alert, 1, "settled", "来院看过")
        await deployment.set_virtual_now(town.ctx, eight)
        while await fire_next(town.ctx, firing.FIRE):
            pass
    for days in (1, 2):
        await deployment.set_virtual_now(town.ctx, eight + timedelta(days=days))
        while await fire_next(town.ctx, firing.FIRE):
            pass
    async with town.ctx.begin() as tx:
        kept = await tx.all(select(Digest).order_by(Digest.digest_id))
    assert [len(row.content["dealt_with"]) for row in kept] == [0, 1, 0]  # and once


async def test_where_one_message_cannot_hold_it_people_are_counted(town: Town) -> None:
    async with town.ctx.begin() as tx:
        site = (await tx.execute(select(Site))).one()
        kinds = ("silent_doses", "silent_check")
        found = [Need(n, f"TST-{n:03}", site.zone, "urgent", kinds, tx.now, "") for n in range(100)]
        for language in ("zh_Hans_CN", "en"):
            whole = digests.write(tx, language, site, tx.now.date(), found).body
            short = digests.write(tx, language, site, tx.now.date(), found, most=4096).body
            assert len(whole) > 4096 and "TST-099" in whole
            assert len(short) < 400 and "100" in short and "/console" in short and "TST-0" not in short
            few = digests.write(tx, language, site, tx.now.date(), found[:3], most=4096).body
            assert few == digests.write(tx, language, site, tx.now.date(), found[:3]).body


async def test_in_hand_is_only_what_somebody_took(town: Town) -> None:
    person = await enrolled(town)
    async with town.ctx.begin() as tx:
        lesser = await raise_alert(tx, Cause(person.participant_id, "relay", "routine", "a@1", "cause:1"))
        assert lesser is not None
        await alert_life.acknowledge(tx, lesser, 1)
        assert [need.taken_by for need in await needs.of_site(tx, 1)] == ["staff:1"]
        worse = await raise_alert(tx, Cause(person.participant_id, "danger", "emergency", "b@1", "cause:2"))
        assert worse is not None
        assert [need.taken_by for need in await needs.of_site(tx, 1)] == [""]
        await alert_life.acknowledge(tx, worse, 1)
        assert [need.taken_by for need in await needs.of_site(tx, 1)] == ["staff:1"]
