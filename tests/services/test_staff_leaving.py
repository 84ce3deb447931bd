"""Staff who leave, come back or belong elsewhere: no alert stays with nobody, and nobody takes what is not his."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.db.alerts import Alert, AlertStep
from bot.db.people import Contact
from bot.db.sites import Site, StaffMember
from bot.messages import Kind, Press
from bot.rehearsal.phones import Phone
from bot.rehearsal.stage import Stage
from bot.services import alert_life, deployment, sending, site_settings, staff_chat
from bot.services.access import Session, SiteOf
from bot.services.alerts import Cause, on_call, raise_alert
from bot.services.delivery_failures import close_contact
from bot.services.enrolment import NewStaff, add_staff
from tests.services.conftest import BEFORE_FIRST_DOSE, House
from tests.services.test_refused_alerts import leaving, raised, steps
from tests.support.house import Town, enrolled

SECOND = "second@example.org"


async def of_role(town: Town, role: str) -> int:
    async with town.ctx.begin() as tx:
        found: int = await tx.scalar(select(StaffMember.staff_id).where(StaffMember.role == role))
    return found


async def switched_off(town: Town, staff_id: int) -> None:
    async with town.ctx.begin() as tx:
        here = SiteOf(await tx.scalar(select(Site.site_id)), town.site, "x", "Asia/Shanghai")
        admin = Session(999, "administrator", "x", "en", (here,), {}, True, False, b"")
        await site_settings.set_active(tx, admin, here, staff_id, active=False)


async def code_of(town: Town, staff_id: int) -> str:
    async with town.ctx.begin() as tx:
        return await staff_chat.new_code(tx, staff_id)


async def one_more(town: Town, tier: str, key: str) -> int:
    async with town.ctx.begin() as tx:
        person = await tx.scalar(select(Alert.participant_id).limit(1))
        number = await raise_alert(tx, Cause(person, "symptom", tier, "a@1", key))  # type: ignore[arg-type]  # a word of a table
    assert number is not None
    return number


async def chat_of(town: Town, stage: Stage, staff_id: int) -> Phone:
    phone = stage.phone("n-1")
    await stage.hear(phone, Kind.START, text=await code_of(town, staff_id))
    return phone


async def sent(town: Town) -> list[str]:
    """What leaves by mail now and arrives: the addresses."""
    parcels = await leaving(town.ctx)
    for parcel in parcels:
        await sending.settle(town.ctx, parcel, "1")
    return [parcel.outbound.address for parcel in parcels]


async def stands(town: Town, number: int) -> str | None:
    async with town.ctx.begin() as tx:
        now = await alert_life.standing(tx, number)
    return now.step if now else None


async def test_who_is_switched_off_takes_nothing_any_more(town: Town) -> None:
    await raised(town, "urgent")
    nurse, stage = await of_role(town, "nurse"), Stage(town.ctx)
    phone = await chat_of(town, stage, nurse)
    number = await one_more(town, "emergency", "cause:2")
    await switched_off(town, nurse)
    await stage.hear(phone, Kind.CHOICE, press=Press(f"alert-{number}", "ack"))
    assert await stands(town, number) is None


async def test_his_old_code_links_nobody(town: Town) -> None:
    nurse = await of_role(town, "nurse")
    code = await code_of(town, nurse)
    await switched_off(town, nurse)
    stage = Stage(town.ctx)
    await stage.hear(stage.phone("n-1"), Kind.START, text=code)
    async with town.ctx.begin() as tx:
        chats = select(Contact).where(Contact.channel == "telegram", Contact.staff_id.is_not(None))
        assert await tx.all(chats) == []


async def test_what_he_had_in_hand_goes_to_the_next_at_once(town: Town) -> None:
    await raised(town, "emergency")
    await sent(town)
    nurse, coordinator = await of_role(town, "nurse"), await of_role(town, "coordinator")
    async with town.ctx.begin() as tx:
        number = await tx.scalar(select(Alert.alert_id))
        await alert_life.acknowledge(tx, number, nurse)
    await switched_off(town, nurse)
    assert await stands(town, number) == "reopened"
    assert await sent(town) == [SECOND]
    assert (await steps(town.ctx))[-1] == ("escalated", "coordinator")
    async with town.ctx.begin() as tx:
        await alert_life.acknowledge(tx, number, coordinator)
    await switched_off(town, coordinator)
    await sent(town)
    assert (await steps(town.ctx))[-1] == ("escalated", "end_of_list"), (
        "the list is called anew, as it is now"
    )


async def test_the_number_of_another_sites_alert_takes_nothing(house: House) -> None:
    async with house.ctx.begin() as tx:
        cause = Cause(house.people[0].participant_id, "danger", "emergency", "a@1", "cause:1")
        number = await raise_alert(tx, cause)
        theirs = await tx.scalar(select(StaffMember.staff_id).order_by(StaffMember.staff_id.desc()).limit(1))
        code = await staff_chat.new_code(tx, theirs)
    phone = house.stage.phone("o-1")
    await house.stage.hear(phone, Kind.START, text=code)
    await house.stage.hear(phone, Kind.CHOICE, press=Press(f"alert-{number}", "ack"))
    async with house.ctx.begin() as tx:
        assert number is not None and await alert_life.standing(tx, number) is None


async def test_who_blocked_the_chat_and_came_back_is_told_there(town: Town) -> None:
    nurse, stage = await of_role(town, "nurse"), Stage(town.ctx)
    phone = await chat_of(town, stage, nurse)
    for back in (Kind.UNBLOCKED, Kind.TEXT):
        await stage.hear(phone, Kind.BLOCKED)
        await stage.hear(phone, back, text="在" if back is Kind.TEXT else "")
        async with town.ctx.begin() as tx:
            [called] = await on_call(tx, await tx.scalar(select(Site.site_id)))
        assert [to.channel for to in called.targets] == ["email", "telegram"]


async def test_every_alert_that_waited_at_a_lost_address_goes_to_the_next(town: Town) -> None:
    await raised(town, "urgent")
    numbers = {await one_more(town, "urgent", "cause:2"), await one_more(town, "urgent", "cause:3")}
    async with town.ctx.begin() as tx:
        nurse = await tx.scalar(select(StaffMember.staff_id).where(StaffMember.role == "nurse"))
        address = await tx.scalar(select(Contact.contact_id).where(Contact.staff_id == nurse))
        await close_contact(tx, address, None)
    assert set(await sent(town)) == {SECOND}
    async with town.ctx.begin() as tx:
        called = await tx.all(select(AlertStep.alert_id).where(AlertStep.step == "escalated"))
    assert numbers < {row.alert_id for row in called}


async def test_whoever_joins_a_site_without_staff_is_told_what_waits(town: Town) -> None:
    await switched_off(town, await of_role(town, "nurse"))
    person = await enrolled(town)
    async with town.ctx.begin() as tx:
        await raise_alert(tx, Cause(person.participant_id, "danger", "emergency", "a@1", "cause:1"))
    for hour in range(3):
        await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(hours=hour))
        assert await sent(town) == []
    assert [step for step in await steps(town.ctx) if step[0] == "escalated"] == [
        ("escalated", "end_of_list")
    ]
    async with town.ctx.begin() as tx:
        await add_staff(tx, NewStaff(town.site, "investigator", "x", SECOND, "en"), "test")
    await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(hours=3))
    assert await sent(town) == [SECOND]


async def test_what_is_open_again_has_a_clock_again(town: Town) -> None:
    await raised(town, "urgent")
    await sent(town)
    async with town.ctx.begin() as tx:
        alert = (await tx.execute(select(Alert))).one()
        await alert_life.acknowledge(tx, alert.alert_id, await of_role(town, "nurse"))
    await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(hours=2))
    await sent(town)
    async with town.ctx.begin() as tx:
        assert await alert_life.reopen_milder(tx, alert.participant_id, "emergency") == 1
    await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(hours=2, minutes=29))
    assert await sent(town) == []
    await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(hours=2, minutes=31))
    [address] = await sent(town)
    assert address != SECOND, "the list from its beginning"


async def test_what_is_open_again_has_a_clock_however_long_nobody_was_on_call(town: Town) -> None:
    await switched_off(town, await of_role(town, "nurse"))
    person = await enrolled(town)
    async with town.ctx.begin() as tx:
        number = await raise_alert(tx, Cause(person.participant_id, "danger", "urgent", "a@1", "cause:1"))
        assert number is not None
    for hour in range(1, 8):
        await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(hours=hour))
        await sent(town)
    async with town.ctx.begin() as tx:
        for role, address in (("coordinator", SECOND), ("investigator", "third@example.org")):
            await add_staff(tx, NewStaff(town.site, role, "x", address, "en"), "test")
    coordinator = await of_role(town, "coordinator")
    async with town.ctx.begin() as tx:
        await alert_life.acknowledge(tx, number, coordinator)
    await switched_off(town, coordinator)
    assert await sent(town) == ["third@example.org"]


async def test_a_contact_that_is_lost_again_is_told_again(house: House) -> None:
    phone, person = next(iter(house.stage.phones.values())), house.people[0]
    for minute in range(2):
        await deployment.set_virtual_now(house.ctx, BEFORE_FIRST_DOSE + timedelta(minutes=minute))
        for kind in (Kind.BLOCKED, Kind.BLOCKED, Kind.UNBLOCKED):
            await house.stage.hear(phone, kind)
    async with house.ctx.begin() as tx:
        lost = await tx.all(select(Alert).where(Alert.kind == "contact_lost"))
    assert [alert.participant_id for alert in lost] == [person.participant_id] * 2
