"""Virtual staff: what they order, on the day or typed days later, and what they do with the alerts that reach them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import Refused
from bot.rehearsal.ledger import Letter, Order
from bot.rehearsal.people import Person
from bot.rehearsal.plain.calendar import cycle_starts
from bot.rehearsal.rates import Rates
from bot.services import alert_life, decisions, wishes
from bot.services.author import Author
from bot.services.context import Ctx, Tx
from bot.services.locking import lock_participant

Plan = Callable[[datetime, Callable[[], Awaitable[None]]], None]


@dataclass(slots=True)
class Office:
    """All sites' staff. `members`: mail address or chat -> staff id and role; `works`: -> codes of his sites."""

    ctx: Ctx
    rates: Rates
    chance: Random
    at: Plan
    now: Callable[[], datetime]
    members: dict[str, tuple[int, str]] = field(default_factory=dict)
    works: dict[str, frozenset[str]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    ways: Counter[str] = field(
        default_factory=Counter
    )  # how letters about alerts were met: at_once, late, never
    undone: Counter[str] = field(
        default_factory=Counter
    )  # orders that were refused, and what a fault cut short
    era: int = 0  # of the database: what is meant to be done to one that was replaced is not done

    # --- alerts --------------------------------------------------------------------------------------------------

    def read(self, letter: Letter) -> None:
        """A letter lies there. Some act at once, some late, some never; an investigator always does."""
        known = self.members.get(letter.address)
        if not letter.alerts or known is None:
            return
        [alert_id], (staff_id, role) = letter.alerts, known
        nurse = self.rates.nurse
        way = self.chance.choices(list(nurse), list(nurse.values()))[0]
        way = "late" if way == "never" and role == "investigator" else way
        self.ways[way] += 1
        if way == "never":
            return
        minutes = self.chance.uniform(2, 25) if way == "at_once" else self.chance.uniform(35, 150)

        era = self.era

        async def act() -> None:
            if era == self.era:
                await self._take(alert_id, staff_id)

        self.at(self.now() + timedelta(minutes=minutes), act)

    async def _take(self, alert_id: int, staff_id: int) -> None:
        if alert_id in self.taken:
            return
        try:
            async with self.ctx.begin() as tx:
                await alert_life.acknowledge(tx, alert_id, staff_id)
        except Refused:
            return  # somebody else was quicker
        self.taken.add(alert_id)

        era = self.era

        async def close() -> None:
            if era != self.era:
                return
            try:
                async with self.ctx.begin() as tx:
                    await alert_life.close(tx, alert_id, staff_id, "settled", "电话联系，已记录。")
            except Refused:
                return

        self.at(self.now() + timedelta(minutes=self.chance.uniform(10, 600)), close)

    # --- orders --------------------------------------------------------------------------------------------------

    async def order(
        self, person: Person, what: str, effective_from: datetime | None = None, **more: Any
    ) -> bool:
        """Order it for good and write it into the person's ledger. False when it was refused."""
        start = effective_from or self.now()
        reason = more.pop("reason", "physician_decision")
        order = decisions.Order(Author("staff:1", "staff"), start, reason)
        written = Order(self.now(), start, what, reason=reason, **more)
        try:
            async with self.ctx.begin() as tx:
                await ORDERS[what](tx, person.ledger.participant_id, order, written)
        except (Refused, SQLAlchemyError):
            self.undone[what] += 1
            return False
        person.ledger.orders.append(written)
        return True

    async def release(self, person: Person, on: date) -> bool:
        number = max(cycle_starts(person.ledger.orders)) + 1
        return await self.order(person, "cycle", cycle=number, on=on, reason="gate_passed")


async def _arm(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    await decisions.set_arm(tx, pid, order, written.value)


async def _cycle(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    assert written.on is not None
    await decisions.start_cycle(tx, pid, order, written.cycle, written.on)


async def _hold(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    await decisions.hold(tx, pid, order, written.drug or None)


async def _resume(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    await decisions.resume(tx, pid, order, written.drug or None)


async def _level(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    await decisions.set_level(tx, pid, order, written.drug, written.value)


async def _status(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    await decisions.set_status(tx, pid, order, written.value)


async def _habit(tx: Tx, pid: int, order: decisions.Order, written: Order) -> None:
    zone, hour, start, end = written.value.split()
    habit = {
        "zone": zone,
        "dose_time": time.fromisoformat(hour),
        "quiet_from": time.fromisoformat(start),
        "quiet_to": time.fromisoformat(end),
    }
    await lock_participant(tx, pid)
    await wishes.keep_habit(tx, pid, habit, order.author)


ORDERS: dict[str, Callable[[Tx, int, decisions.Order, Order], Awaitable[None]]] = {
    "arm": _arm,
    "cycle": _cycle,
    "hold": _hold,
    "resume": _resume,
    "level": _level,
    "status": _status,
    "habit": _habit,
}
