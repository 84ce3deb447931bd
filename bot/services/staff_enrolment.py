"""Enrol with the record of each condition. What is not met, or not sure, is not enrolled; the record says who judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select

from bot.db.people import EligibilityAnswer
from bot.errors import Refused
from bot.services import enrolment, linking
from bot.services.access import Session
from bot.services.auditing import note_down, of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.enrolment import Enrolled, NewParticipant
from bot.services.linking import Invited
from bot.services.locking import lock_participant
from bot.services.staff_messages import first_time
from schedules.localtime import zone_exists

ANSWERS = ("met", "not_met", "unsure")
RELATIONS = ("self", "family")
WHY_INVITE = ("first", "new_phone", "lost_phone", "family")


@dataclass(frozen=True, slots=True)
class Record:
    """How each condition was judged: its id -> met, not_met, unsure."""

    answers: Mapping[str, str]


async def enrol(tx: Tx, session: Session, new: NewParticipant, record: Record, once: str) -> Enrolled:
    """Participant, treatment, eligibility record and invitation, or nothing at all. Raises Refused."""
    session.site(new.site)
    if new.study not in tx.ctx.book.names("study"):
        raise Refused("console.no_such_study")
    if new.zone is not None and not zone_exists(new.zone):
        raise Refused("console.enrol.zone")
    study_hash, study = tx.ctx.book.study(new.study, tx.now)
    for criterion in study.eligibility.criteria:
        answer = record.answers.get(criterion.id, "")
        if answer not in ANSWERS:
            raise Refused("console.enrol.unanswered")
        if answer != "met":
            raise Refused("console.enrol.not_eligible")
    if not await first_time(tx, session, "enrolled", once):
        raise Refused("console.enrol.done_before")
    await tx.widen()  # a new person's keys belong to no site yet
    done = await enrolment.enrol(tx, new, Author(session.actor, "staff"))
    kept = {one.id: record.answers[one.id] for one in study.eligibility.criteria}
    await tx.execute(
        insert(EligibilityAnswer),
        [
            {
                "participant_id": done.participant_id,
                "criterion": criterion,
                "answer": answer,
                "study_version": study.version,
                "definition": study_hash,
                "recorded_at": tx.now,
                "recorded_by": session.actor,
            }
            for criterion, answer in kept.items()
        ],
    )
    of_participant(tx, done.participant_id, session.actor, "eligibility", answers=kept, definition=study_hash)
    note_down(tx, session.actor, session.actor, "enrolled", participant=done.participant_id, once=once)
    return done


async def invite(
    tx: Tx, session: Session, participant_id: int, relation: str | None, why: str, once: str
) -> Invited:
    """A fresh invitation, also for a new telephone: the first one that opens it with the right digits is bound."""
    if relation not in (*RELATIONS, None) or why not in WHY_INVITE:
        raise Refused("console.invite.why")
    await lock_participant(tx, participant_id)
    if not await first_time(tx, session, "invited", once):
        raise Refused("console.invite.done_before")
    if why == "lost_phone":
        await linking.lost(tx, participant_id, session.actor)
    invited = await linking.invite(tx, participant_id, session.actor, relation)
    note_down(tx, session.actor, session.actor, "invited", participant=participant_id, why=why, once=once)
    return invited


async def eligibility(tx: Tx, participant_id: int) -> list[Row[Any]]:
    """How each condition was judged, in the order in which it was asked. Empty for whoever was enrolled without."""
    return await tx.all(
        select(EligibilityAnswer)
        .where(EligibilityAnswer.participant_id == participant_id)
        .order_by(EligibilityAnswer.eligibility_answer_id)
    )
