"""The one service function for each note that a conversation can make, written out in one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.dialogue import notes
from bot.services import (
    commands,
    companions,
    daily_medicines,
    danger,
    dosing,
    edge_answers,
    linking,
    pro_answers,
    sealing,
    symptom_answers,
    symptom_relay,
    unplanned_doses,
    wishes,
)
from bot.services.alerts import Cause, Tier, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import act
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.people import Who

# A dose that cannot be taken for illness or for want of medicine needs somebody the same day, as does a call for a person.
# "Two capsules" that nobody explained may have been an extra dose (RF-14); danger said doubtfully may be happening now.
RELAY_TIER: dict[str, Tier] = {
    "ill": "urgent",
    "no_medicine": "urgent",
    "nurse": "urgent",
    "amount": "urgent",
    "doubt": "urgent",
}

Carry = Callable[[Tx, Who, Any, int | None], Awaitable[Done]]


async def _relay(tx: Tx, who: Who, note: notes.StaffWanted, inbox_id: int | None) -> Done:
    assert who.participant_id is not None
    words = await sealing.seal(tx, who.key_id, "note", note.words) if note.words else None
    cause = Cause(
        who.participant_id,
        "relay",
        RELAY_TIER.get(note.about, "routine"),
        f"relay_{note.about}@1",
        f"relay:{act(inbox_id)}:{note.about}",
        inbox_id=inbox_id,
        words_sealed=words,
    )
    await raise_alert(tx, cause)
    return NOTHING


async def _command(tx: Tx, who: Who, note: notes.CommandGiven, inbox_id: int | None) -> Done:
    return await commands.run(tx, who, note.command)


async def _denied(tx: Tx, who: Who, note: notes.DangerDenied, inbox_id: int | None) -> Done:
    if who.participant_id is not None:
        of_participant(tx, who.participant_id, who.actor, "danger_denied", inbox=inbox_id)
    return NOTHING


async def _meant(tx: Tx, who: Who, note: notes.WordsMeant, inbox_id: int | None) -> Done:
    """On record is what they were said to mean; where they go then, asides.py decides."""
    if who.participant_id is not None:
        of_participant(tx, who.participant_id, who.actor, "words_meant", meaning=note.meaning, inbox=inbox_id)
    return NOTHING


async def _pause(tx: Tx, who: Who, note: notes.RemindersPaused, inbox_id: int | None) -> Done:
    return await wishes.pause(tx, who, inbox_id)


async def _resume(tx: Tx, who: Who, note: notes.RemindersResumed, inbox_id: int | None) -> Done:
    return await wishes.resume(tx, who, inbox_id)


async def _leave(tx: Tx, who: Who, note: notes.ChannelLeft, inbox_id: int | None) -> Done:
    return await wishes.leave_channel(tx, who, inbox_id)


async def _withdraw(tx: Tx, who: Who, note: notes.ConsentWithdrawn, inbox_id: int | None) -> Done:
    return await wishes.withdraw(tx, who, inbox_id)


CARRY_OUT: dict[type[Any], Carry] = {
    notes.InvitationTried: linking.tried,
    notes.RespondentTold: wishes.respondent,
    notes.ConsentDecided: wishes.consent,
    notes.PreferenceTold: wishes.preference,
    notes.DoseReported: dosing.reported,
    notes.AmountTold: unplanned_doses.amount,
    notes.UnplannedTaken: unplanned_doses.told,
    notes.WordsMeant: _meant,
    notes.DoseVomited: unplanned_doses.vomited,
    notes.DoseDeferred: dosing.deferred,
    notes.HoldClaimed: dosing.hold_claimed,
    notes.StaffWanted: _relay,
    notes.SymptomsTold: symptom_relay.confirmed,
    notes.SymptomsWanted: symptom_answers.wanted,
    notes.SymptomsAnswered: symptom_answers.answered,
    notes.SymptomsReported: symptom_answers.reported,
    notes.CompanionAnswered: companions.answered,
    notes.DailyWanted: daily_medicines.wanted,
    notes.EdgeAnswered: edge_answers.answered,
    notes.ProReported: pro_answers.reported,
    notes.RemindersPaused: _pause,
    notes.RemindersResumed: _resume,
    notes.ChannelLeft: _leave,
    notes.ConsentWithdrawn: _withdraw,
    notes.DangerConfirmed: danger.confirmed,
    notes.DangerDenied: _denied,
    notes.CommandGiven: _command,
}


ABOUT_THE_PERSON = (
    *(notes.InvitationTried, notes.RespondentTold, notes.ConsentDecided, notes.PreferenceTold),
    *(
        notes.RemindersPaused,
        notes.RemindersResumed,
        notes.ChannelLeft,
        notes.ConsentWithdrawn,
        notes.CommandGiven,
    ),
)
"""After these somebody may be another than before: linked, agreed, paused, gone."""


async def carry_out(tx: Tx, who: Who, note: notes.Note, inbox_id: int | None) -> Done:
    return await CARRY_OUT[type(note)](tx, who, note, inbox_id)
