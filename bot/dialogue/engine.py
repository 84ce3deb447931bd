"""The machine: a pure function from a saved state and one thing heard to a Turn.

It reads no clock, sends nothing and remembers nothing. No input of a patient, of any kind or length, raises;
what does raise (a missing slot, an outcome nobody waits for) is a fault of the caller or of the script.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.dialogue.commands import command_of
from bot.dialogue.hearing import READINGS, WAYS, Got, Unsure, offers, picked
from bot.dialogue.lexicon import Lexicon
from bot.dialogue.notes import NOTES, CommandGiven, Note
from bot.dialogue.offers import Offer
from bot.dialogue.rows import (
    ASK_PERSON,
    CHOICE_AGAIN,
    CHOICE_NURSE,
    SETTLED_ANSWER,
    SETTLED_WORDS,
    AskStep,
    BackStep,
    BranchStep,
    CountStep,
    DoStep,
    EachStep,
    KeepStep,
    LimitStep,
    SayStep,
    Script,
    SinceStep,
    Tick,
)
from bot.dialogue.run import Run
from bot.dialogue.ticking import MARKS, marks_after, ticked
from bot.dialogue.turn import END, JSON, SILENCE, Heard, Option, Phrase, Say, State, Turn

MOST_STEPS = 200  # in one turn; more is a script that runs in a circle
PERSON_AFTER = 2  # answers not understood in a row before a person is offered
PERSON = (Option("nurse", Phrase(CHOICE_NURSE)), Option("again", Phrase(CHOICE_AGAIN)))
# A bare yes answers what was asked last. Heard by the question before it, it could become somebody's consent.
PERSON_HEARS = {"nurse": "yes", "again": "no"}


def begin(script: Script, slots: Mapping[str, JSON], now: datetime, lexicon: Lexicon) -> Turn:
    """The first turn. Raises ValueError when a slot that the script needs is not there."""
    missing = [name for name in script.needs if name not in slots]
    if missing:
        raise ValueError(f"script {script.name} needs the slots {missing}")
    return _walk(Run(script, _copied({**script.defaults, **slots}), now, lexicon), script.start)


def advance(script: Script, state: State, heard: Heard, now: datetime, lexicon: Lexicon) -> Turn:
    """What follows from `heard`. Not understood: the state's step and slots stay as they are."""
    run, step = _run(script, state, now, lexicon), script.steps[state.step]
    if heard.kind == "outcome":
        return _outcome(run, state, step, heard.value)
    if not isinstance(step, AskStep) or heard.kind == "media":
        return Turn(state, understood=False)
    return _answer(run, state, step, heard)


def resume(script: Script, state: State, now: datetime, lexicon: Lexicon) -> Turn:
    """The open question once more, after a gap or an interruption. Nothing else changes."""
    run, step = _run(script, state, now, lexicon), script.steps[state.step]
    if not isinstance(step, AskStep):
        return Turn(state)
    return Turn(replace(state, misheard=0), says=(_question(run, step),))


def _run(script: Script, state: State, now: datetime, lexicon: Lexicon) -> Run:
    return Run(script, _copied(state.slots), now, lexicon)


def _copied(slots: Mapping[str, JSON]) -> dict[str, JSON]:
    """Of JSON only, and so many times quicker than copy.deepcopy; a check carries its whole course along."""
    copied: dict[str, JSON] = marshal.loads(marshal.dumps(dict(slots)))  # noqa: S302 - what was just written here
    return copied


def _walk(run: Run, step_id: str) -> Turn:
    """Goes from step to step until one waits or the conversation ends."""
    for _ in range(MOST_STEPS):
        if step_id == END:
            return Turn(None, tuple(run.says), tuple(run.notes), run.told())
        step = run.script.steps[step_id]
        run.put(step.set)
        if step.settled:
            run.settled = run.phrase(step.settled, step.with_)
        following = ENTER[step.kind](run, step)
        if following is None:
            state = State(run.script.name, step_id, run.slots)
            return Turn(state, tuple(run.says), tuple(run.notes), run.told())
        step_id = following
    raise RuntimeError(f"script {run.script.name} runs in a circle at {step_id}")


# Entering a step: its work, and the step to go on with; None waits here.


def _say(run: Run, step: SayStep) -> str:
    run.says.append(Say(run.phrases(step.text, step.with_)))
    return step.next


def _ask(run: Run, step: AskStep) -> None:
    run.slots.pop(READINGS, None)
    run.slots.pop(MARKS, None)
    run.says.append(_question(run, step))


def _do(run: Run, step: DoStep) -> str | None:
    run.notes.append(_note(run, step))
    return None if step.outcomes else step.next


def _note(run: Run, step: DoStep | Tick) -> Note:
    make: Callable[..., Note] = NOTES[step.note]
    fields = {name: run.value(given) for name, given in step.fields.items()}
    return make(**{name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()})


def _branch(run: Run, step: BranchStep) -> str:
    return step.cases.get(str(run.loosely(step.on)), step.otherwise)


def _each(run: Run, step: EachStep) -> str:
    items, number = run.yes_items(step.items, step.if_yes), run.number(f"{step.as_}_number") + 1
    if number > len(items):
        return step.done
    run.next_item()
    run.slots[step.as_] = items[number - 1]
    run.slots.update({f"{step.as_}_number": number, "number": number, "count": len(items)})
    run.slots.update({"before": number - 1, "left": len(items) - number, "many": len(items) > 1})
    return step.next


def _back(run: Run, step: BackStep) -> str:
    run.slots[f"{step.as_}_number"] = max(0, run.number(f"{step.as_}_number") - 2)
    return step.next


def _keep(run: Run, step: KeepStep) -> str:
    run.put_under(step.into, str(run.value(step.key)), step.value)
    return step.next


def _count(run: Run, step: CountStep) -> str:
    run.slots[step.into] = len(run.items(step.items, step.where))
    return step.next


def _limit(run: Run, step: LimitStep) -> str:
    visits = run.number(step.slot) + 1
    run.slots[step.slot] = visits
    return step.next if visits <= step.most else step.spent


def _since(run: Run, step: SinceStep) -> str:
    elapsed = run.now - run.value(step.moment)
    if elapsed < timedelta(0):
        return step.early
    return step.within if elapsed <= timedelta(minutes=int(run.value(step.minutes))) else step.later


ENTER: Mapping[str, Callable[[Run, Any], str | None]] = {
    "say": _say,
    "ask": _ask,
    "do": _do,
    "branch": _branch,
    "each": _each,
    "back": _back,
    "keep": _keep,
    "count": _count,
    "limit": _limit,
    "since": _since,
}


# Hearing an answer.


def _outcome(run: Run, state: State, step: object, value: str) -> Turn:
    """The result of a note, or silence: both come from a service, so an unknown one is a fault there."""
    if isinstance(step, DoStep) and value in step.outcomes:
        return _walk(run, step.outcomes[value])
    if isinstance(step, AskStep) and value == SILENCE:
        return _silent(run, step)
    raise ValueError(f"script {state.script}: step {state.step} does not wait for the outcome {value!r}")


def _silent(run: Run, step: AskStep) -> Turn:
    """Keeps what is known so far and ends: nothing is said, every later question is met with silence."""
    turn = Turn(None)
    if step.tick:
        for one, marked in ticked(run.slots).items():
            run.put_under(step.tick.into, one, marked)
    for _ in range(MOST_STEPS):
        if not step.silence:
            return Turn(None, notes=turn.notes)
        turn = replace(_walk(run, step.silence), says=(), settled=None)
        following = run.script.steps[turn.state.step] if turn.state else None
        if not isinstance(following, AskStep):
            return turn
        step = following
    return Turn(None, notes=turn.notes)


def _answer(run: Run, state: State, step: AskStep, heard: Heard) -> Turn:
    if state.misheard >= PERSON_AFTER:
        turn = _person(run, state, step, heard)
        if turn is not None:
            return turn
    marks = marks_after(run, step, heard)
    if marks is not None:
        run.slots[MARKS] = marks
        say = replace(_question(run, step), in_place=True)
        notes = (_note(run, step.tick),) if step.tick and step.tick.note else ()
        return Turn(replace(state, slots=run.slots, misheard=0), says=(say,), notes=notes)
    choices = offers(run, step)
    choice = _chosen(run, choices, heard, numbers=state.misheard < PERSON_AFTER)
    if choice is not None:
        return _go(run, choice.next, {}, choice.set, _settled(choice))
    if heard.kind == "text":
        command = command_of(heard.value, run.lexicon)
        if command is not None:
            return Turn(replace(state, misheard=0), notes=(CommandGiven(command),))
        return _written(run, state, step, heard.value)
    return _misheard(run, state, step)


def _person(run: Run, state: State, step: AskStep, heard: Heard) -> Turn | None:
    """The two buttons that are shown while a person is offered."""
    answer: str | None = heard.value
    if heard.kind == "text":
        mine = [Offer(one.answer, one.label, "", (one.answer, PERSON_HEARS[one.answer])) for one in PERSON]
        found = picked(run, mine, heard.value)
        answer = found.answer if found else None
    if answer == "nurse":
        settled = Phrase(SETTLED_ANSWER, {"answer": PERSON[0].label})
        return Turn(replace(state, misheard=0), notes=(CommandGiven("nurse"),), settled=settled)
    if answer == "again":
        run.slots.pop(READINGS, None)
        return Turn(replace(state, slots=run.slots, misheard=0), says=(_question(run, step),))
    return None


def _chosen(run: Run, choices: tuple[Offer, ...], heard: Heard, *, numbers: bool) -> Offer | None:
    if heard.kind == "choice":
        return next((choice for choice in choices if choice.shown and choice.answer == heard.value), None)
    return picked(run, choices, heard.value, numbers=numbers)


def _written(run: Run, state: State, step: AskStep, text: str) -> Turn:
    got = WAYS[step.typed.as_](run, step.typed, text) if step.typed else None
    if isinstance(got, Got):
        return _go(run, got.next, got.kept, got.set, Phrase(SETTLED_WORDS) if step.answers else None)
    return _misheard(run, state, step, got)


def _go(
    run: Run, step_id: str, kept: Mapping[str, JSON], slots: Mapping[str, JSON], settled: Phrase | None
) -> Turn:
    run.slots.pop(READINGS, None)
    run.slots.pop(MARKS, None)
    run.slots.update(kept)
    run.put(slots)
    run.settled = settled
    return _walk(run, step_id)


def _settled(choice: Offer) -> Phrase | None:
    answer = choice.told or choice.label
    return Phrase(SETTLED_ANSWER, {"answer": answer}) if choice.shown else Phrase(SETTLED_WORDS)


def _misheard(run: Run, state: State, step: AskStep, unsure: Unsure | None = None) -> Turn:
    """Asks again in other words, then offers a person. Several readings become buttons."""
    misheard = min(state.misheard + 1, PERSON_AFTER)
    if unsure is not None and unsure.readings:
        run.slots[READINGS] = list(unsure.readings)
        say = _question(run, step, (run.phrase(unsure.text, step.with_),))
        return Turn(replace(state, slots=run.slots, misheard=0), says=(say,))
    if misheard >= PERSON_AFTER:
        return Turn(
            replace(state, misheard=misheard), (Say((Phrase(ASK_PERSON),), PERSON, True),), understood=False
        )
    lines = (run.phrase(unsure.text, step.with_),) if unsure else run.phrases(step.again, step.with_)
    return Turn(replace(state, misheard=misheard), (_question(run, step, lines),), understood=False)


def _question(run: Run, step: AskStep, lines: tuple[Phrase, ...] = ()) -> Say:
    options = tuple(Option(one.answer, one.label) for one in offers(run, step) if one.shown)
    return Say(lines or run.phrases(step.text, step.with_), options, question=True)
