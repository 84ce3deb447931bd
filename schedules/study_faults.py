"""What can be wrong with a study's file, in words that name the place: key, value, what it should be.

Only describes; the study decides what is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from schedules.check_rules import check_rule_faults
from schedules.gate_rules import gate_faults
from schedules.visit_rules import visit_faults

if TYPE_CHECKING:
    from pydantic import ValidationError

    from schedules.study import Drug, Study, Window

_TEXT_LIMIT = 60


def shape_faults(error: ValidationError, file: str) -> list[str]:
    """One line for each value that is missing, unknown or of the wrong kind."""
    return [f"{file}: {_shape_fault(fault)}" for fault in error.errors(include_url=False)]


def _shape_fault(fault: Any) -> str:
    key = _key(fault["loc"])
    if fault["type"] == "missing":
        return f"{key}: missing"
    if fault["type"] == "extra_forbidden":
        return f"{key} = {_shown(fault['input'])}: no such key"
    said = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{key} = {_shown(fault['input'])}: {said}"


def _key(loc: Iterable[int | str]) -> str:
    # pydantic marks a fault in the name of a table with "[key]" after that name.
    parts = [str(part) if isinstance(part, str) else f"[{part}]" for part in loc if part != "[key]"]
    return _printable(".".join(parts).replace(".[", "["))


def _shown(value: Any) -> str:
    if isinstance(value, str):
        text = '"' + value + '"'
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, dict):
        text = "a table"
    elif isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"
    else:
        text = f"[{len(value)} values]" if isinstance(value, list) else str(value)
    return _printable(text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "...")


def _printable(text: str) -> str:
    # A quoted key or text may hold a line break, and a fault is one line.
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def contradictions(study: Study) -> list[str]:
    """Values that are each allowed but cannot stand together; one line each, key and value named."""
    found = [
        *_day_faults(study),
        *_prompt_faults(study),
        *_check_faults(study),
        *_licensed_faults(study),
        *_arm_faults(study),
    ]
    if study.visits is not None:
        found += visit_faults(study.visits, study.cycle_days)
    if study.cycle_gate is not None:
        found += gate_faults(study.cycle_gate, frozenset(study.drugs))
    for name, drug in study.drugs.items():
        found += [f"drugs.{name}.{fault}" for fault in (*_drug_faults(study, drug), *_window_faults(drug))]
    return found


def _day_faults(study: Study) -> Iterator[str]:
    start, end, at = study.quiet_from, study.quiet_to, study.dose_time
    if study.dosing_day_ends >= at:
        yield f'dosing_day_ends = "{study.dosing_day_ends:%H:%M}": not before dose_time ({at:%H:%M})'
    quiet = start <= at < end if start <= end else at >= start or at < end
    if quiet:
        yield f'dose_time = "{at:%H:%M}": within the quiet hours {start:%H:%M}-{end:%H:%M}'


def _prompt_faults(study: Study) -> Iterator[str]:
    nudges = study.prompts.nudge_minutes
    if list(nudges) != sorted(set(nudges)):
        yield f"prompts.nudge_minutes = {list(nudges)}: not in rising order"


def _check_faults(study: Study) -> Iterator[str]:
    yield from check_rule_faults(study.symptom_rules)
    rule = study.symptom_check
    if rule is None:
        return
    if rule.first_day > study.cycle_days:
        yield f"symptom_check.first_day = {rule.first_day}: after the cycle's last day ({study.cycle_days})"
    if list(rule.nudge_minutes) != sorted(set(rule.nudge_minutes)):
        yield f"symptom_check.nudge_minutes = {list(rule.nudge_minutes)}: not in rising order"
    if rule.close_after_hours >= 24 * rule.every_days:
        yield f"symptom_check.close_after_hours = {rule.close_after_hours}: still open when the next check is due"


def _licensed_faults(study: Study) -> Iterator[str]:
    rule = study.pro_ctcae
    if rule is None:
        return
    if rule.first_day > study.cycle_days:
        yield f"pro_ctcae.first_day = {rule.first_day}: after the cycle's last day ({study.cycle_days})"
    if rule.close_after_hours >= 24 * rule.every_days:
        yield f"pro_ctcae.close_after_hours = {rule.close_after_hours}: still open when the next is due"


def _drug_faults(study: Study, drug: Drug) -> Iterator[str]:
    if list(drug.days) != sorted(set(drug.days)):
        yield f"days = {list(drug.days)}: not in rising order"
    if max(drug.days) > study.cycle_days:
        yield f"days = {list(drug.days)}: a day after the cycle's last ({study.cycle_days})"
    yield from (f'levels: "{name}" stands twice' for name in _repeated(level.name for level in drug.levels))
    amounts = [level.mg for level in drug.levels]
    if amounts != sorted(set(amounts), reverse=True):
        yield f"levels = {[str(mg) for mg in amounts]}: mg not falling from step to step"
    if drug.close_after_hours <= 24:
        # The question of the next day comes up to 24 h after the dose and needs time for an answer.
        yield f"close_after_hours = {drug.close_after_hours}: not beyond the 24 h to the next day's question"
    if drug.window.beyond == "ask_site" and drug.late_texts.ask_site is None:
        yield 'late_texts.ask_site: missing, while window.beyond = "ask_site"'


def _window_faults(drug: Drug) -> Iterator[str]:
    window: Window = drug.window
    limits = (window.late_take_max_hours, window.late_take_under_hours)
    if sum(limit is not None for limit in limits) != 1:
        yield "window: exactly one of late_take_max_hours and late_take_under_hours is needed"
    gaps = [24 * (later - day) for day, later in pairwise(drug.days)]
    if gaps and 0 < min(gaps) < 2 * window.on_time_hours:
        yield f"window.on_time_hours = {window.on_time_hours}: overlaps the window of the next dose"


def _arm_faults(study: Study) -> Iterator[str]:
    for name, arm in study.arms.items():
        for index, entry in enumerate(arm.drugs):
            key = f"arms.{name}.drugs[{index}]"
            drug = study.drugs.get(entry.drug)
            if drug is None:
                yield f'{key}.drug = "{entry.drug}": not among drugs ({", ".join(study.drugs)})'
            elif entry.level not in (level.name for level in drug.levels):
                known = ", ".join(level.name for level in drug.levels)
                yield f'{key}.level = "{entry.level}": not among the levels of {entry.drug} ({known})'
        for drug_name in _repeated(entry.drug for entry in arm.drugs):
            yield f'arms.{name}.drugs: "{drug_name}" stands twice'


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
