"""A question that has grown old changes what it asks: not "please take" but "did you take it?".

Whoever opens a reminder half a day later must never be told to take what it is too late to take.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.dialogue import engine
from bot.dialogue.script import Script
from bot.dialogue.turn import State
from bot.services import timeline
from bot.services.context import Tx
from bot.services.dose_slots import mode_of
from schedules.localtime import elapsed, local

SCRIPT = "dose"
TAKING = ("ask_take", "ask_both")  # the steps of that script which say "it is time to take"


async def true_now(tx: Tx, participant_id: int | None, script: Script, state: State) -> State:
    """The state from which to go on: the same one, or the same doses asked about as they stand now."""
    if script.name != SCRIPT or participant_id is None:
        return state
    slots: Any = state.slots
    # While another question of this dose stands open (when? why not?), only those that follow have grown old.
    answered = slots["dose_number"] - (state.step in TAKING)
    waiting = slots["doses"][answered:]
    soon = timedelta(minutes=slots["prompt_minutes_on_time"])
    if all(elapsed(datetime.fromisoformat(dose["due_at"]), tx.now) <= soon for dose in waiting):
        return state
    course = await timeline.load(tx, participant_id)
    now = [
        {**dose, "mode": mode_of(course, dose["drug"], datetime.fromisoformat(dose["due_at"]), tx.now)}
        if dose["mode"] == "take"
        else dose
        for dose in waiting
    ]
    if now == waiting:
        return state
    if state.step not in TAKING:
        return replace(state, slots={**slots, "doses": [*slots["doses"][:answered], *now]})
    needed = {name: slots[name] for name in (*script.needs, *script.defaults) if name in slots}
    turn = engine.begin(
        script, needed | {"doses": now}, local(tx.now, course.zone), tx.ctx.book.lexicon(tx.now)
    )
    return turn.state or state
