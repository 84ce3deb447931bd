"""An end is final, however late it was written down and whatever is dated after it: every reader says the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.db.people import Contact
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from bot.services import decisions, needs, people, timeline
from bot.services.alerts import Cause, raise_alert
from bot.services.decisions import Order
from bot.services.enrolment import Enrolled
from tests.services.conftest import LINKING, SHANGHAI
from tests.support.house import PHONE, STAFF, Town, enrolled


def at(day: int) -> datetime:
    return datetime(2026, 11, day, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture
async def person(town: Town) -> Enrolled:
    person = await enrolled(town, "lenalidomide")
    stage = Stage(town.ctx)
    await stage.hear(stage.phone("1"), Kind.START, text=person.invited.code)
    for words in (PHONE[-4:], *LINKING):
        await stage.say(stage.phone("1"), words)
    return person


async def decide(town: Town, who: int, day: int, status: str, since: int, reason: str = "asked_for") -> None:
    """Written down on one day, and in effect from another."""
    await Stage(town.ctx).move_to(at(day))
    async with town.ctx.begin() as tx:
        await decisions.set_status(tx, who, Order(STAFF, at(since), reason), status)


async def told(town: Town, who: int) -> set[str]:
    """What each reader makes of it. The list of needs shows nothing of an end but an alert that is moot by it."""
    async with town.ctx.begin() as tx:
        contact = await tx.scalar(select(Contact.contact_id).where(Contact.channel == "telegram"))
        await raise_alert(tx, Cause(who, "unreachable", "routine", "unreachable@1", f"unreachable:{who}"))
        listed = any(need.participant_id == who for need in await needs.of_site(tx, 1))
        found = {
            (await people.by_contact(tx, contact)).status,
            await timeline.status(tx, who),
            (await timeline.load(tx, who)).status,
            (await timeline.statuses_of(tx, [who]))[who],
        }
        assert listed == ("ended" not in found)
        assert (await timeline.end_reason(tx, who) is None) == ("ended" not in found)
        return found


async def test_written_down_late_behind_a_pause(town: Town, person: Enrolled) -> None:
    who = person.participant_id
    await decide(town, who, 5, "paused", 5)
    await decide(town, who, 6, "active", 6)
    await decide(town, who, 8, "ended", 4, "progression")
    assert await told(town, who) == {"ended"}
    async with town.ctx.begin() as tx:
        assert (await timeline.load(tx, who)).timeline.ends_at == at(4)


async def test_typed_ahead_and_paused_until_then(town: Town, person: Enrolled) -> None:
    who = person.participant_id
    await decide(town, who, 3, "ended", 6, "completed")
    await decide(town, who, 4, "paused", 4)
    assert await told(town, who) == {"paused"}
    await decide(town, who, 5, "active", 5)
    assert await told(town, who) == {"active"}
    await Stage(town.ctx).move_to(at(6) + timedelta(minutes=1))
    assert await told(town, who) == {"ended"}


async def test_a_pause_after_it_changes_nothing_and_going_on_takes_it_back(
    town: Town, person: Enrolled
) -> None:
    who = person.participant_id
    await decide(town, who, 4, "ended", 4, "lost")
    await decide(town, who, 5, "paused", 5)
    assert await told(town, who) == {"ended"}
    await decide(town, who, 6, "active", 6, "found")
    assert await told(town, who) == {"active"}
    await decide(town, who, 8, "ended", 5, "death")
    assert await told(town, who) == {"ended"}


async def test_of_two_ends_the_one_written_last_counts(town: Town, person: Enrolled) -> None:
    who = person.participant_id
    await decide(town, who, 6, "ended", 6, "lost")
    await decide(town, who, 8, "ended", 4, "death")
    async with town.ctx.begin() as tx:
        assert (await timeline.load(tx, who)).timeline.ends_at == at(4)
        assert await timeline.end_reason(tx, who) == "death"
    assert await told(town, who) == {"ended"}
