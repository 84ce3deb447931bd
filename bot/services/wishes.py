"""What people decide for themselves: who they are, what they consent to, when to be reminded, when to stop."""

from __future__ import annotations

import dataclasses
from datetime import time
from typing import Any

from sqlalchemy import insert, select, update

from bot.db.people import CareLink, Consent, Contact, StatusChange
from bot.db.regimens import Habit
from bot.dialogue.notes import ConsentDecided, PreferenceTold, RespondentTold
from bot.services import after_pause, linking, outbox, people, planning, timeline, visit_plan
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import Author, act
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.people import Who
from schedules.localtime import in_quiet_hours, instant


async def respondent(tx: Tx, who: Who, note: RespondentTold, inbox_id: int | None) -> Done:
    """Outcome: new | abroad | known, by what this person agreed to before, perhaps on another telephone.

    A relative is another correspondent, with an own key and own consents; the participant's own screens are one.
    """
    assert who.participant_id is not None
    relation = "family" if note.role == "family" else "self"
    if who.relation != relation:
        await linking.bind(tx, who, who.participant_id, relation)
        await _close_empty(tx, who)
        who = await people.by_contact(tx, who.contact_id)
    if not await people.has_consent(tx, who):
        return Done("new")
    if not await people.may_hear(tx, who):
        return Done("abroad")
    await catch_up(tx, who)
    return Done("known")


async def _close_empty(tx: Tx, who: Who) -> None:
    """The link made a moment ago as somebody else's had no other address: it ends as it began."""
    others = await tx.scalar(
        select(Contact.contact_id).where(Contact.correspondent_id == who.correspondent_id).limit(1)
    )
    if others is None:
        await tx.execute(
            update(CareLink).where(CareLink.correspondent_id == who.correspondent_id).values(until=tx.now)
        )


async def consent(tx: Tx, who: Who, note: ConsentDecided, inbox_id: int | None) -> Done:
    decision = "given" if note.given else "refused"
    await _write_consent(tx, who, note.matter, decision, " ".join(note.text_ids), inbox_id)
    if note.given:
        await catch_up(tx, who)
        if note.matter == "health_data":
            await visit_plan.welcomed(tx, who)
        return NOTHING
    if note.matter == "telegram_abroad":
        await _leave(tx, who)
    # Whoever is not reminded here may need to be called.
    await _tell_staff(tx, who, "consent_refused", "routine", inbox_id)
    return NOTHING


async def _write_consent(
    tx: Tx, who: Who, matter: str, decision: str, text_ids: str, inbox_id: int | None
) -> None:
    assert who.participant_id is not None
    await tx.execute(
        insert(Consent).values(
            correspondent_id=who.correspondent_id,
            participant_id=who.participant_id,
            matter=matter,
            decision=decision,
            text_ids=text_ids,
            text_hash=tx.ctx.wording.hash(who.language),
            recorded_at=tx.now,
            **dataclasses.asdict(Author.of(who, inbox_id)),
        )
    )
    of_participant(tx, who.participant_id, who.actor, f"consent_{decision}", matter=matter)


async def catch_up(tx: Tx, who: Who) -> None:
    assert who.participant_id is not None
    await planning.catch_up(tx, who.participant_id)


async def preference(tx: Tx, who: Who, note: PreferenceTold, inbox_id: int | None) -> Done:
    """Outcome kept or refused: a dose time inside the quiet hours would never be reminded of."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    habit: dict[str, Any] = {
        "dose_time": course.dose_time,
        "quiet_from": course.quiet_from,
        "quiet_to": course.quiet_to,
        "zone": course.zone,
    } | _told(note)
    dose_at = instant(tx.now.date(), habit["dose_time"], habit["zone"])
    if in_quiet_hours(dose_at, habit["zone"], habit["quiet_from"], habit["quiet_to"]):
        return Done("refused")
    await keep_habit(tx, who.participant_id, habit, Author.of(who, inbox_id))
    return Done("kept")


def _told(note: PreferenceTold) -> dict[str, Any]:
    if note.key == "dose_time":
        return {"dose_time": time.fromisoformat(note.value)}
    start, _, end = note.value.partition("-")
    return {"quiet_from": time.fromisoformat(start), "quiet_to": time.fromisoformat(end)}


async def keep_habit(tx: Tx, participant_id: int, habit: dict[str, Any], author: Author) -> planning.Change:
    await tx.execute(
        insert(Habit).values(
            participant_id=participant_id,
            effective_from=tx.now,
            recorded_at=tx.now,
            **habit,
            **dataclasses.asdict(author),
        )
    )
    of_participant(tx, participant_id, author.recorded_by, "habit_changed")
    return await planning.replan(tx, participant_id)


async def pause(tx: Tx, who: Who, inbox_id: int | None) -> Done:
    assert who.participant_id is not None
    await change_status(tx, who.participant_id, "paused", "asked_for", Author.of(who, inbox_id))
    await _tell_staff(tx, who, "reminders_paused", "routine", inbox_id)
    return Done(ends_all=True, but=("from_nurse",))  # what a nurse wrote is no reminder


async def resume(tx: Tx, who: Who, inbox_id: int | None) -> Done:
    assert who.participant_id is not None
    # Only a pause ends like this: an end is the site's decision, and stays.
    if who.state == "left":
        await tx.execute(update(Contact).where(Contact.contact_id == who.contact_id).values(state="active"))
        await catch_up(tx, who)
    if await timeline.status(tx, who.participant_id) == "paused":
        await change_status(tx, who.participant_id, "active", "asked_for", Author.of(who, inbox_id))
        await catch_up(tx, who)
        await after_pause.bring_back(tx, who.participant_id)
    return NOTHING


async def change_status(tx: Tx, participant_id: int, status: str, reason: str, author: Author) -> None:
    await tx.execute(
        insert(StatusChange).values(
            participant_id=participant_id,
            status=status,
            effective_from=tx.now,
            recorded_at=tx.now,
            reason=reason,
            **dataclasses.asdict(author),
        )
    )
    of_participant(tx, participant_id, author.recorded_by, f"status_{status}", reason=reason)


async def leave_channel(tx: Tx, who: Who, inbox_id: int | None) -> Done:
    await _leave(tx, who)
    await _tell_staff(tx, who, "channel_left", "routine", inbox_id)
    return Done(ends_all=True)


async def _leave(tx: Tx, who: Who) -> None:
    await tx.execute(update(Contact).where(Contact.contact_id == who.contact_id).values(state="left"))
    await outbox.cancel_contact(tx, who.contact_id, pushed_only=True)


async def withdraw(tx: Tx, who: Who, inbox_id: int | None) -> Done:
    """No message comes unasked any more. What was recorded stays, medicines and the study go on."""
    for matter in ("health_data", "telegram_abroad"):
        await _write_consent(tx, who, matter, "withdrawn", "stop.withdraw.sure", inbox_id)
    for contact in await _screens(tx, who):
        await outbox.cancel_contact(tx, contact, pushed_only=True)
    await _tell_staff(tx, who, "consent_withdrawn", "urgent", inbox_id)
    return Done(ends_all=True)


async def _screens(tx: Tx, who: Who) -> list[int]:
    query = select(Contact.contact_id).where(Contact.correspondent_id == who.correspondent_id)
    return list((await tx.execute(query)).scalars())


async def _tell_staff(tx: Tx, who: Who, kind: str, tier: Any, inbox_id: int | None) -> None:
    assert who.participant_id is not None
    cause = Cause(who.participant_id, kind, tier, f"{kind}@1", f"{kind}:{act(inbox_id)}", inbox_id=inbox_id)
    await raise_alert(tx, cause)
