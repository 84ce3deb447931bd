"""Everything on record about a study's doses at an instant, read in a fixed number of statements. Nothing is counted here.

Every fact is filtered by when it was recorded. The one exception is where a participant is: the current site counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.selectable import Select

from bot.db.conversations import Conversation, Question
from bot.db.definitions import Definition
from bot.db.doses import DoseEvent, DoseJudgement, DosePrompt, DoseReport
from bot.db.labs import SupplyEvent
from bot.db.outbox import OutboundMessage
from bot.db.people import Participant
from bot.db.sites import Site
from bot.db.symptoms import SymptomCheck, SymptomReport
from bot.errors import Refused
from bot.services import supplies
from bot.services.context import Tx
from bot.services.timeline import TABLES, Facts


@dataclass(frozen=True, slots=True)
class Scope:
    """Which study, which site (None: all that this transaction may see), and at which instant."""

    study: str
    site: str | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rows as they stood at `scope.as_of`. Keys are participant or dose ids; nobody is named."""

    scope: Scope
    definitions: Sequence[Row[Any]]  # editions of the study published by then, the oldest first
    participants: Sequence[Row[Any]]  # by site, then subject
    facts: Mapping[int, Facts]
    doses: Mapping[int, list[Row[Any]]]
    judgements: Mapping[int, Row[Any]]  # the last one of each dose
    reports: Mapping[int, list[Row[Any]]]  # of each dose, the earliest first
    unplanned: Mapping[int, list[Row[Any]]]  # intakes that no plan had, by participant
    asked: Mapping[int, Row[Any]]  # first delivery of a prompt and of a nudge, by dose
    checks: Mapping[int, list[Row[Any]]]  # weekly checks, by participant
    supplies: Mapping[int, list[Row[Any]]]  # capsules handed out, brought back and counted, by participant


async def load(tx: Tx, scope: Scope) -> Ledger:
    """Raises Refused for a study or a site that there is not, or not for the reader."""
    definitions = await _definitions(tx, scope)
    site_id = await _site(tx, scope.site) if scope.site is not None else None
    mine = [Participant.study == scope.study, Participant.enrolled_at <= scope.as_of]
    mine += [Participant.site_id == site_id] if site_id is not None else []
    participants = await tx.all(
        select(Participant.participant_id, Participant.subject_id, Site.code)
        .join(Site, Site.site_id == Participant.site_id)
        .where(*mine)
    )
    ids = select(Participant.participant_id).where(*mine)
    reports, unplanned = await _reports(tx, scope, ids)
    return Ledger(
        scope,
        definitions,
        sorted(participants, key=lambda row: (row.code, row.subject_id)),
        await _facts(tx, scope, ids),
        _by(await tx.all(_doses(scope, ids)), "participant_id"),
        {row.dose_id: row for row in await tx.all(_judgements(scope, ids))},
        reports,
        unplanned,
        {row.dose_id: row for row in await tx.all(_asked(scope, ids))},
        _by(await tx.all(_checks(scope, ids)), "participant_id"),
        _by(await tx.all(_supplies(scope, ids)), "participant_id"),
    )


async def _definitions(tx: Tx, scope: Scope) -> list[Row[Any]]:
    editions = await tx.all(
        select(Definition)
        .where(Definition.kind == "study", Definition.name == scope.study)
        .order_by(Definition.effective_from, Definition.published_at, Definition.hash)
    )
    if not editions:
        raise Refused("report.no_such_study", study=scope.study)
    return [row for row in editions if row.published_at <= scope.as_of]


async def _site(tx: Tx, code: str) -> int:
    site_id: int | None = await tx.scalar(select(Site.site_id).where(Site.code == code))
    if site_id is None:
        raise Refused("staff.no_such_site", code=code)
    return site_id


async def _facts(tx: Tx, scope: Scope, ids: Select[int]) -> dict[int, Facts]:
    found: defaultdict[int, dict[str, list[Row[Any]]]] = defaultdict(lambda: {name: [] for name in TABLES})
    for name, table in TABLES.items():
        for row in await tx.all(_effective(table, scope, ids)):
            found[row.participant_id][name].append(row)
    return {participant_id: Facts(**rows) for participant_id, rows in found.items()}


def _effective(table: Any, scope: Scope, ids: Select[int]) -> Executable:
    key = next(iter(table.__table__.primary_key.columns))
    return (
        select(table)
        .where(table.participant_id.in_(ids), table.recorded_at <= scope.as_of)
        .order_by(table.effective_from, key)
    )


def _doses(scope: Scope, ids: Select[int]) -> Executable:
    """What was planned by then and not planned otherwise by then. A dose that is not due yet counts nowhere."""
    living = or_(DoseEvent.superseded_at.is_(None), DoseEvent.superseded_at > scope.as_of)
    return (
        select(DoseEvent)
        .where(DoseEvent.participant_id.in_(ids), DoseEvent.planned_at <= scope.as_of, living)
        .where(DoseEvent.due_at <= scope.as_of)
        .order_by(DoseEvent.due_at, DoseEvent.drug, DoseEvent.dose_id)
    )


def _judgements(scope: Scope, ids: Select[int]) -> Executable:
    return (
        select(DoseJudgement)
        .ext(distinct_on(DoseJudgement.dose_id))
        .join(DoseEvent, DoseEvent.dose_id == DoseJudgement.dose_id)
        .where(DoseEvent.participant_id.in_(ids), DoseJudgement.recorded_at <= scope.as_of)
        .order_by(DoseJudgement.dose_id, DoseJudgement.dose_judgement_id.desc())
    )


async def _reports(
    tx: Tx, scope: Scope, ids: Select[int]
) -> tuple[dict[int, list[Row[Any]]], dict[int, list[Row[Any]]]]:
    rows = await tx.all(
        supplies.reports()
        .where(DoseReport.participant_id.in_(ids), DoseReport.recorded_at <= scope.as_of)
        .order_by(DoseReport.dose_report_id)
    )
    corrected = {row.supersedes for row in rows}
    free = [row for row in rows if row.dose_id is None and row.dose_report_id not in corrected]
    of_doses = _by([row for row in rows if row.dose_id is not None], "dose_id")
    # A last word that was replaced all the same went elsewhere with the plan: it is one capsule and not two.
    kept = {dose_id: own for dose_id, own in of_doses.items() if own[-1].dose_report_id not in corrected}
    return kept, _by(free, "participant_id")


def _asked(scope: Scope, ids: Select[int]) -> Executable:
    """When a question about each dose first reached somebody, and when a repetition of it first did."""
    return (
        select(
            DosePrompt.dose_id,
            func.min(_delivered_at).label("prompted_at"),
            func.min(case((OutboundMessage.purpose == "nudge", _delivered_at))).label("nudged_at"),
        )
        .join(DoseEvent, DoseEvent.dose_id == DosePrompt.dose_id)
        .join(Question, Question.conversation_id == DosePrompt.conversation_id)
        .join(OutboundMessage, OutboundMessage.token == Question.token)
        .where(DoseEvent.participant_id.in_(ids), DosePrompt.asked_at <= scope.as_of)
        .where(_delivered_at <= scope.as_of)
        .group_by(DosePrompt.dose_id)
    )


# The page shows a message when somebody looks; elsewhere the provider's acceptance is all that can be known. A message
# whose fate is unknown counts as not delivered: nobody is to be called silent on a guess.
_delivered_at: ColumnElement[datetime] = case(
    (OutboundMessage.channel == "web", OutboundMessage.shown_at),
    (OutboundMessage.state == "sent", OutboundMessage.settled_at),
)


def _checks(scope: Scope, ids: Select[int]) -> Executable:
    """Weekly checks that were due: first delivery, whether one was answered completely, whether its conversation is over."""
    answer = and_(
        SymptomReport.participant_id == SymptomCheck.participant_id,
        SymptomReport.due_on == SymptomCheck.due_on,
        SymptomReport.complete,
        SymptomReport.recorded_at <= scope.as_of,
    )
    message = and_(OutboundMessage.token == Question.token, _delivered_at <= scope.as_of)
    return (
        select(
            SymptomCheck.participant_id,
            SymptomCheck.due_on,
            func.min(_delivered_at).label("asked_at"),
            func.min(SymptomReport.recorded_at).label("answered_at"),
            func.min(Conversation.ended_at).label("ended_at"),
        )
        .outerjoin(Conversation, Conversation.conversation_id == SymptomCheck.conversation_id)
        .outerjoin(Question, Question.conversation_id == SymptomCheck.conversation_id)
        .outerjoin(OutboundMessage, message)
        .outerjoin(SymptomReport, answer)
        .where(SymptomCheck.participant_id.in_(ids), SymptomCheck.asked_at <= scope.as_of)
        .group_by(SymptomCheck.participant_id, SymptomCheck.due_on)
        .order_by(SymptomCheck.participant_id, SymptomCheck.due_on)
    )


def _supplies(scope: Scope, ids: Select[int]) -> Executable:
    return (
        select(SupplyEvent)
        .where(SupplyEvent.participant_id.in_(ids), SupplyEvent.recorded_at <= scope.as_of)
        .order_by(SupplyEvent.on_day, SupplyEvent.supply_event_id)
    )


def _by(rows: Sequence[Row[Any]], key: str) -> dict[int, list[Row[Any]]]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return dict(found)
