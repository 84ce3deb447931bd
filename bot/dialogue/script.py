"""Reads a script and finds every fault that can be known before anybody talks.

Every way leads somewhere, every step can be reached, no circle goes round without asking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields

from pydantic import ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.dialogue.notes import NOTES
from bot.dialogue.rows import (
    AnyStep,
    AskStep,
    BranchStep,
    DoStep,
    EachStep,
    LimitStep,
    Part,
    SayStep,
    Script,
    SinceStep,
    Tick,
    Typed,
)
from bot.dialogue.turn import END

__all__ = ["END", "AskStep", "DoStep", "Script", "ScriptError", "parse_script", "ways"]

RESERVED = {"nurse", "again"}  # the engine's own answers, when it offers a person


def parse_script(text: str, name: str) -> Script:
    """`name` is the file's name, for the faults. Raises ScriptError with one line for each fault."""
    try:
        script = Script.model_validate(read_toml(text, name))
    except ValidationError as error:
        raise faults_of(error, name) from error
    faults = [f"{name}: {fault}" for fault in _faults(script)]
    if faults:
        raise ScriptError(faults)
    return script


def ways(step: AnyStep) -> tuple[tuple[str, str], ...]:
    """(key, step id) of every way on from a step."""
    return tuple((key, to) for key, to in _ways(step) if to)


def _ways(step: AnyStep) -> Iterator[tuple[str, str]]:
    if isinstance(step, AskStep):
        yield from ((f"answers.{one.answer}.next", one.next) for one in step.answers)
        yield "silence", step.silence
        if step.choose:
            yield "choose.next", step.choose.next
        if step.tick:
            yield "tick.next", step.tick.next
        if step.typed:
            yield from _typed_ways(step.typed)
    elif isinstance(step, BranchStep):
        yield from ((f"cases.{case}", to) for case, to in step.cases.items())
        yield "otherwise", step.otherwise
    elif isinstance(step, SinceStep):
        yield from (("early", step.early), ("within", step.within), ("later", step.later))
    else:
        yield "next", step.next
        if isinstance(step, DoStep):
            yield from ((f"outcomes.{outcome}", to) for outcome, to in step.outcomes.items())
        if isinstance(step, EachStep):
            yield "done", step.done
        if isinstance(step, LimitStep):
            yield "spent", step.spent


def _typed_ways(typed: Typed) -> Iterator[tuple[str, str]]:
    yield "typed.next", typed.next
    yield "typed.chosen", typed.chosen
    yield "typed.unsure_next", typed.unsure_next


def _faults(script: Script) -> Iterator[str]:
    known = {*script.steps, END}
    if END in script.steps:
        yield f"steps.{END}: this name is the end of every script"
    if script.start not in script.steps:
        yield f"start: there is no step {script.start!r}"
    for name, step in script.steps.items():
        for key, to in ways(step):
            if to not in known:
                yield f"steps.{name}.{key}: there is no step {to!r}"
        yield from (f"steps.{name}.{fault}" for fault in _step_faults(script, step))
    yield from (f"steps.{name}: no way leads here" for name in script.steps if name not in _reached(script))
    yield from (
        f"steps.{name}: goes round in a circle without asking"
        for name in script.steps
        if _circles(script, name)
    )


def _reached(script: Script) -> set[str]:
    seen: set[str] = set()
    open_ends = [script.start]
    while open_ends:
        name = open_ends.pop()
        if name in script.steps and name not in seen:
            seen.add(name)
            open_ends += [to for _, to in ways(script.steps[name])]
    return seen


def _circles(script: Script, name: str) -> bool:
    """Whether a step can come back to itself with no answer and no list or limit that runs out in between."""
    seen: set[str] = set()
    open_ends = [name]
    while open_ends:
        step = script.steps.get(open_ends.pop())
        if (
            step is None
            or isinstance(step, AskStep | EachStep | LimitStep)
            or (isinstance(step, DoStep) and step.outcomes)
        ):
            continue
        for _, to in ways(step):
            if to == name:
                return True
            if to not in seen:
                seen.add(to)
                open_ends.append(to)
    return False


def _step_faults(script: Script, step: AnyStep) -> Iterator[str]:
    names = set(step.with_)
    if isinstance(step, SayStep | AskStep):
        names |= _part_names(step.text)
    if isinstance(step, AskStep):
        names |= _part_names(step.again) | set(step.choose.with_ if step.choose else ())
        names |= {name for one in step.answers for name in one.with_}
        yield from _ask_faults(step)
    if isinstance(step, DoStep):
        yield from _do_faults(step)
    yield from (f"with: no value is called {name!r}" for name in sorted(names - set(script.values)))


def _part_names(parts: tuple[Part, ...]) -> set[str]:
    return {name for part in parts for name in part.with_}


def _ask_faults(step: AskStep) -> Iterator[str]:
    ids = [one.answer for one in step.answers]
    if len(set(ids)) != len(ids):
        yield f"answers: an id stands twice in {ids}"
    yield from (f"answers.{taken}: the engine uses this id itself" for taken in sorted(RESERVED & set(ids)))
    if step.tick and step.tick.note:
        yield from (f"tick.{fault}" for fault in _note_faults(step.tick))
    if not (step.answers or step.choose or step.tick or step.typed):
        yield "answers: nothing can be answered here"


def _do_faults(step: DoStep) -> Iterator[str]:
    if bool(step.next) == bool(step.outcomes):
        yield "next: a note has either `next` or `outcomes`"
    yield from _note_faults(step)


def _note_faults(step: DoStep | Tick) -> Iterator[str]:
    note = NOTES.get(step.note)
    if note is None:
        yield f"note: {step.note!r} is not one of {sorted(NOTES)}"
        return
    wanted = {one.name for one in fields(note) if one.default is MISSING and one.default_factory is MISSING}
    allowed = {one.name for one in fields(note)}
    yield from (
        f"fields.{name}: {step.note} has no such field" for name in sorted(set(step.fields) - allowed)
    )
    yield from (f"fields.{name}: {step.note} needs it" for name in sorted(wanted - set(step.fields)))
