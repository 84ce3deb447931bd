"""A question that is asked too late to be true becomes another one: not "please take" but "did you take it?"."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue.rows import AnyStep, AskStep
from bot.dialogue.run import Run
from bot.dialogue.turn import State

MOST_TURNS = 5  # of one question into another; scripts have two


def is_overdue(run: Run, step: AskStep) -> bool:
    """Whether the moment is past after which this question must not be put any more."""
    moment, _ = step.overdue
    until = run.loosely(moment) if moment else None
    return until is not None and bool(until <= run.now)


def asked_now(run: Run, state: State) -> tuple[State, AnyStep]:
    """The state with the question that it waits for by now, in which an answer is heard and shown again."""
    step = run.script.steps[state.step]
    for _ in range(MOST_TURNS):
        if not (isinstance(step, AskStep) and is_overdue(run, step)):
            break
        state = replace(state, step=step.overdue[1], misheard=0)
        step = run.script.steps[state.step]
    return state, step
