"""Writes records by hand, straight into the tables: a report must count what is there, whoever wrote it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select

from bot.db.conversations import Conversation, Question
from bot.db.doses import DoseEvent, DoseJudgement, DosePrompt, DoseReport
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact, Participant, StatusChange
from bot.db.regimens import CycleStart, DoseLevelChange, Habit, Hold, RegimenAssignment, Resume
from bot.db.sites import Site
from bot.db.symptoms import SymptomCheck, SymptomReport
from bot.services import deployment, sealing
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.enrolment import NewSite, add_site
from tests.support.house import Town, opened

STUDY = "nct04217967"
ZONE = "Asia/Shanghai"
STAFF = asdict(Author("staff:1", "staff"))
SELF = asdict(Author("correspondent:1", "self"))
DAY_ONE = date(2026, 11, 2)
ENROLLED = datetime(2026, 11, 1, 2, tzinfo=UTC)
STARTS = datetime(2026, 11, 1, 16, tzinfo=UTC)  # midnight of day 1 in Shanghai
MG = {"ixazomib": 4, "lenalidomide": 25}


def due(day: int, hour: int = 0) -> datetime:
    """08:00 in Shanghai on that day of the first cycle, and some hours later."""
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day, hours=hour)


@asynccontextmanager
async def house(database_url: str, now: datetime) -> AsyncIterator[Town]:
    """A rehearsal whose rules were published before anybody was enrolled, and whose clock then stands at `now`."""
    async with opened(database_url, ENROLLED - timedelta(days=1)) as town:
        await deployment.set_virtual_now(town.ctx, now)
        yield town


@dataclass(slots=True)
class Pen:
    tx: Tx
    definition: str

    async def site(self, code: str) -> None:
        await add_site(self.tx, NewSite(code, f"{code} hospital", ZONE, "en", "010-1"), "test")

    async def participant(
        self, subject_id: str, arm: str, site: str = "TST", first_day: date = DAY_ONE, at: datetime = ENROLLED
    ) -> int:
        site_id = (await self.tx.execute(select(Site.site_id).where(Site.code == site))).scalar_one()
        key_id = await sealing.new_key(self.tx, "participant")
        person = {"sex": "female", "birth_year": 1956, "language": "zh_Hans_CN", "key_id": key_id}
        sealed = {name: await sealing.seal(self.tx, key_id, name, "李桂兰") for name in ("name", "phone")}
        participant_id = await self._insert(
            Participant,
            study=STUDY,
            site_id=site_id,
            subject_id=subject_id,
            **person,
            name_sealed=sealed["name"],
            phone_sealed=sealed["phone"],
            enrolled_at=at,
        )
        await self.fact(RegimenAssignment, participant_id, at, arm=arm, effective_from=at)
        await self.cycle(participant_id, 1, first_day, at)
        hours = {"dose_time": time(8), "zone": ZONE, "quiet_from": time(21, 30), "quiet_to": time(7, 30)}
        await self.fact(Habit, participant_id, at, effective_from=at, **hours)
        return participant_id

    async def fact(self, table: Any, participant_id: int, recorded_at: datetime, **values: Any) -> int:
        return await self._insert(
            table, participant_id=participant_id, recorded_at=recorded_at, **(STAFF | values)
        )

    async def cycle(self, participant_id: int, number: int, first_day: date, at: datetime) -> None:
        starts = datetime.combine(first_day, time(0), tzinfo=UTC)
        await self.fact(
            CycleStart, participant_id, at, cycle=number, local_date=first_day, effective_from=starts
        )

    async def resumed(self, participant_id: int, hold_id: int, at: datetime) -> None:
        await self.fact(Resume, participant_id, at, hold_id=hold_id, effective_from=at)

    async def dose(
        self, participant_id: int, drug: str, cycle: int, day: int, due_at: datetime, **changes: Any
    ) -> int:
        values = {
            "dose_mg": MG[drug],
            "local_date": due_at.date(),
            "local_time": time(8),
            "zone": ZONE,
            "definition": self.definition,
            "planned_at": ENROLLED,
            "superseded_at": None,
        }
        where = {"drug": drug, "cycle": cycle, "cycle_day": day, "due_at": due_at}
        return await self._insert(DoseEvent, participant_id=participant_id, **where, **(values | changes))

    async def judged(
        self, dose_id: int, status: str, recorded_at: datetime, extra: int = 0, cause: str = "report:0"
    ) -> None:
        values = {"status": status, "extra": extra, "cause": cause, "definition": self.definition}
        await self._insert(DoseJudgement, dose_id=dose_id, recorded_at=recorded_at, **values)

    async def said(
        self, participant_id: int, dose_id: int | None, drug: str, status: str, at: datetime, **changes: Any
    ) -> int:
        values = {"taken_at": at if status == "taken" else None, "quantity": 1, **SELF} | changes
        whose = {"participant_id": participant_id, "dose_id": dose_id, "drug": drug, "status": status}
        return await self._insert(DoseReport, **whose, recorded_at=at, **values)

    async def asked(
        self, participant_id: int, dose_ids: list[int], at: datetime, **message: Any
    ) -> tuple[int, str]:
        """A conversation about these doses, and its first message. Returns conversation and token."""
        conversation_id = await self._insert(
            Conversation,
            participant_id=participant_id,
            correspondent_id=1,
            contact_id=await self._contact(),
            script="dose",
            definition=self.definition,
            state_sealed=await self._sealed(),
            started_at=at,
        )
        for dose_id in dose_ids:
            values = {"dose_id": dose_id, "conversation_id": conversation_id, "mode": "take", "asked_at": at}
            await self.tx.execute(insert(DosePrompt).values(**values))
        token = secrets.token_urlsafe(12)
        question = {"conversation_id": conversation_id, "participant_id": participant_id, "state": "open"}
        await self.tx.execute(insert(Question).values(token=token, asked_at=at, **question))
        await self.message(participant_id, token, at, **message)
        return conversation_id, token

    async def message(self, participant_id: int, token: str, at: datetime, **changes: Any) -> None:
        """Sent and accepted at `at`, if nothing else is said."""
        values = {
            "channel": "telegram",
            "account": "pen",
            "lane": 2,
            "purpose": "prompt",
            "pushed": True,
            "text_id": "push.line",
            "text_hash": "",
            "repeat_if_unknown": False,
            "state": "sent",
            "created_at": at,
            "send_after": at,
            "expires_at": at,
            "attempts": 1,
            "settled_at": at,
        }
        where = {"contact_id": await self._contact(), "sealed_id": await self._sealed(), "token": token}
        await self._insert(OutboundMessage, participant_id=participant_id, **where, **(values | changes))

    async def check(
        self, participant_id: int, on: date, asked_at: datetime | None, answered_at: datetime | None
    ) -> None:
        noon = datetime.combine(on, time(4), tzinfo=UTC)
        conversation_id = None
        if asked_at is not None:
            conversation_id, _ = await self.asked(participant_id, [], asked_at, purpose="form")
        values = {"due_on": on, "conversation_id": conversation_id, "asked_at": asked_at or noon}
        await self._insert(SymptomCheck, participant_id=participant_id, **values)
        if answered_at is not None:
            report = {"questionnaire": "weekly", "definition": "x", "occasion": "weekly", "answers": {}}
            await self._insert(
                SymptomReport,
                participant_id=participant_id,
                recorded_at=answered_at,
                due_on=on,
                complete=True,
                **report,
                **SELF,
            )

    async def _contact(self) -> int:
        """One address for everything: who was written to is not what a report tells."""
        query = select(Contact.contact_id).where(Contact.account == "pen")
        found: int | None = (await self.tx.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
        key_id = await sealing.new_key(self.tx, "participant")
        return await self._insert(
            Contact,
            channel="telegram",
            account="pen",
            address_lookup=b"pen",
            address_sealed=await sealing.seal(self.tx, key_id, "address", "1"),
            key_id=key_id,
            state="active",
            created_at=ENROLLED,
        )

    async def _sealed(self) -> Any:
        key_id = await sealing.new_key(self.tx, "participant")
        return await sealing.seal(self.tx, key_id, "outbound", "{}")

    async def _insert(self, table: Any, **values: Any) -> int:
        key = next(iter(table.__table__.primary_key.columns))
        return int((await self.tx.execute(insert(table).values(**values).returning(key))).scalar_one())


@asynccontextmanager
async def writing(town: Town) -> AsyncIterator[Pen]:
    async with town.ctx.begin() as tx:
        yield Pen(tx, tx.ctx.book.current("study", STUDY, tx.now))


__all__ = [
    "DoseLevelChange",
    "Hold",
    "Pen",
    "RegimenAssignment",
    "Resume",
    "StatusChange",
    "due",
    "house",
    "writing",
]
