"""What staff do in a transcript, written as on the command line: `hold --drug ixazomib --reason toxicity`."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.db.people import Participant
from bot.db.sites import StaffMember
from bot.rehearsal.scene import NURSE, STAFF
from bot.services import (
    alert_life,
    companions,
    decisions,
    linking,
    planning,
    staff_chat,
    staff_inbox,
    staff_messages,
    timeline,
)
from bot.services.access import Session
from bot.services.context import Tx
from bot.services.decisions import Order
from bot.services.locking import lock_participant
from bot.services.planning import Change

Options = dict[str, str]
WHY_DAYS = 7


async def carry_out(tx: Tx, words: str, zone: str, codes: list[str]) -> list[str]:
    """Returns what a nurse would see. A new invitation's code goes to the end of `codes`."""
    name, options = _read(words)
    if name in STAFF_ACTS:
        return await STAFF_ACTS[name](tx, options, codes)
    participant_id = (await tx.execute(select(Participant.participant_id))).scalar_one()
    if name == "invite":
        await lock_participant(tx, participant_id)
        if options.get("phone") == "lost":
            await linking.lost(tx, participant_id, "staff:0", options.get("for"))
        codes.append((await linking.invite(tx, participant_id, "staff:0", options.get("for"))).code)
        return []
    if name == "write":
        return await _write(tx, participant_id, options["words"])
    if name == "why":
        return [f"= {line}" for line in await staff_inbox.history(tx, participant_id, WHY_DAYS)]
    since = options.get("from")
    at = datetime.fromisoformat(since).replace(tzinfo=ZoneInfo(zone)) if since else tx.now
    order = Order(STAFF, at, options.get("reason"))
    change = await ORDERS[name](tx, participant_id, order, options)
    return [f"= plan: {change.cancelled} cancelled, {change.new} new"]


def _read(words: str) -> tuple[str, Options]:
    parts = shlex.split(words)
    first = next((number for number, part in enumerate(parts) if part.startswith("--")), len(parts))
    pairs = zip(parts[first::2], parts[first + 1 :: 2], strict=True)
    return " ".join(parts[:first]), {key.removeprefix("--"): value for key, value in pairs}


async def _cycle(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    course = await timeline.load(tx, participant_id)
    following = max(one.number for one in course.timeline.cycles) + 1
    number = int(options.get("cycle", following))
    return await decisions.start_cycle(tx, participant_id, order, number, date.fromisoformat(options["date"]))


async def _hold(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    return await decisions.hold(tx, participant_id, order, options.get("drug"))


async def _resume(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    if options.get("what") == "reminders":
        return await decisions.set_status(tx, participant_id, order, "active")
    return await decisions.resume(tx, participant_id, order, options.get("drug"))


async def _level(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    return await decisions.set_level(tx, participant_id, order, options["drug"], options["level"])


async def _arm(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    return await decisions.set_arm(tx, participant_id, order, options["to"])


async def _pause(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    return await decisions.set_status(tx, participant_id, order, "paused")


async def _end(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    return await decisions.set_status(tx, participant_id, order, "ended")


async def _code(tx: Tx, options: Options, codes: list[str]) -> list[str]:
    codes.append(await staff_chat.new_code(tx, await _staff(tx, options["of"])))
    return []


async def _take(tx: Tx, options: Options, codes: list[str]) -> list[str]:
    await alert_life.acknowledge(tx, int(options["alert"]), await _staff(tx, options["by"]))
    return []


async def _close(tx: Tx, options: Options, codes: list[str]) -> list[str]:
    by = await _staff(tx, options["by"])
    await alert_life.close(tx, int(options["alert"]), by, options["outcome"], options["note"])
    return []


async def _write(tx: Tx, participant_id: int, words: str) -> list[str]:
    """The nurse writes to the patient, as on the console's page of messages."""
    session = Session(await _staff(tx, "nurse"), "nurse", NURSE, "zh_Hans_CN", (), {}, True, False, b"")
    await staff_messages.send(tx, session, participant_id, words, f"{tx.now:%m%d%H%M}", at_night=False)
    return []


async def _staff(tx: Tx, role: str) -> int:
    """A scene has one of each role."""
    query = select(StaffMember.staff_id).where(StaffMember.role == role)
    return int((await tx.execute(query)).scalar_one())


async def _companion(tx: Tx, participant_id: int, order: Order, options: Options) -> Change:
    """As on the console's page of laboratory and supply."""
    starts_on = options.get("starts")
    new = companions.NewChoice(
        options["matter"],
        options.get("choice", "on"),
        rhythm=options.get("rhythm", "weekly"),
        starts_on=date.fromisoformat(starts_on) if starts_on else None,
    )
    await companions.choose(tx, participant_id, new, STAFF)
    return await planning.replan(tx, participant_id)


STAFF_ACTS: dict[str, Callable[[Tx, Options, list[str]], Awaitable[list[str]]]] = {
    "staff code": _code,
    "take": _take,
    "close": _close,
}
ORDERS: dict[str, Callable[[Tx, int, Order, Options], Awaitable[Change]]] = {
    "cycle start": _cycle,
    "companion": _companion,
    "hold": _hold,
    "resume": _resume,
    "dose-level": _level,
    "arm": _arm,
    "pause": _pause,
    "end": _end,
}
