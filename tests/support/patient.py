"""One enrolled participant at the test site, linked on a stage's phone when asked."""

from __future__ import annotations

from datetime import date, time

from bot.messages import Kind
from bot.rehearsal.phones import Phone
from bot.rehearsal.stage import Stage
from bot.services.alerts import Cause, Tier, raise_alert
from bot.services.enrolment import Enrolled, NewParticipant, enrol
from tests.support.house import PHONE, STAFF
from tests.support.office import Office

START = date(2026, 11, 2)
NAME = "欧阳若兰"


async def enrolled(town: Office, arm: str = "combination") -> Enrolled:
    async with town.ctx.begin() as tx:
        new = NewParticipant("nct04217967", "TST", arm, START, time(8), NAME, PHONE, "female", 1956)
        return await enrol(tx, new, STAFF)


async def linked(town: Office, person: Enrolled) -> tuple[Stage, Phone]:
    """Welcome, consents and preferences gone through, on Telegram."""
    stage = Stage(town.ctx)
    phone = stage.phone("1001")
    await stage.say(phone, person.invited.code, Kind.START)
    await stage.say(phone, PHONE[-4:])
    for label in ("我是本人", "同意", "同意"):
        await stage.press(phone, label)
    await stage.say(phone, "1")
    await stage.say(phone, "1")
    return stage, phone


async def alerted(town: Office, participant_id: int, tier: Tier = "urgent", key: str = "one") -> int:
    async with town.ctx.begin() as tx:
        cause = Cause(participant_id, "relay", tier, "relay_nurse@1", f"test:{key}")
        alert_id = await raise_alert(tx, cause)
    assert alert_id is not None
    return alert_id
