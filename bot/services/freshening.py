"""A question that has grown old changes what it asks: not "please take" but "did you take it?".

Whoever opens a reminder half a day later must never be told to take what it is too late to take, nor whoever opens it at
once what was held, taken or put off by the plan a moment ago.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.dialogue import engine
from bot.dialogue.script import Script
from bot.dialogue.turn import State
from bot.services import timeline
from bot.services.context import Tx
from bot.services.dose_slots import held_now, mode_of
from bot.services.not_now import not_now
from bot.services.timeline import Course
from schedules.localtime import local

SCRIPT = "dose"
# The steps of that script which say what may change: it is time to take; the team has not confirmed that it is stopped.
CHANGING = ("ask_take", "ask_both", "ask_hold_check")


async def true_now(tx: Tx, participant_id: int | None, script: Script, state: State) -> State:
    """The state from which to go on: the same one, or the same doses asked about as they stand now."""
    if script.name != SCRIPT or participant_id is None:
        return state
    slots: Any = state.slots
    # While another question of this dose stands open (when? why not?), only those that follow have grown old.
    answered = slots["dose_number"] - (state.step in CHANGING)
    waiting = slots["doses"][answered:]
    if all(dose["mode"] == "did" for dose in waiting):
        return state
    course = await timeline.load(tx, participant_id)
    kept = await not_now(tx, course)
    now = [_as_it_stands(course, dose, tx.now, kept) for dose in waiting]
    if [dose["mode"] for dose in now] == [dose["mode"] for dose in waiting]:
        return state
    if state.step not in CHANGING:
        return replace(state, slots={**slots, "doses": [*slots["doses"][:answered], *now]})
    needed = {name: slots[name] for name in (*script.needs, *script.defaults) if name in slots}
    turn = engine.begin(
        script, needed | {"doses": now}, local(tx.now, course.zone), tx.ctx.book.lexicon(tx.now)
    )
    return turn.state or state


def _as_it_stands(
    course: Course, dose: dict[str, Any], now: datetime, kept: Collection[str]
) -> dict[str, Any]:
    """Once asked whether it was taken, a dose is never said to be due again: it may have been taken since."""
    was = dose["mode"]
    mode = mode_of(course, dose["drug"], datetime.fromisoformat(dose["due_at"]), now, kept)
    if was == "did" or (was == "hold_check" and mode == "take"):
        mode = "did"
    return {**dose, "mode": mode, "held": held_now(course, dose["drug"], now)}
