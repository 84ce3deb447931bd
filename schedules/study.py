"""One study's rules as values: arms, drugs, dose levels, windows, prompts. Parsed from TOML and checked.

Never opens a file and never guesses: a rule that is missing, unknown or contradictory is an error.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from schedules.check_rules import SymptomRules
from schedules.gate_rules import CycleGate
from schedules.localtime import zone_exists
from schedules.study_faults import contradictions, shape_faults
from schedules.visit_rules import Visits


class StudyError(ValueError):
    """A study's text is wrong. `faults` has one line for each fault; the message is all of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def _clock(value: Any) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    raise ValueError('should be a time of day such as "08:00"')


def _dose_time_or_clock(value: Any) -> time | None:
    return None if value == "dose_time" else _clock(value)


def _milligrams(value: Any) -> Decimal:
    # TOML decimals arrive as Decimal (2.3 is exactly 2.3); a float never does.
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        exact = Decimal(value)
        if exact.is_finite() and 0 < exact <= 1000:
            return exact
    raise ValueError("should be a number of milligrams above 0, at most 1000")


def _zone(value: str) -> str:
    if zone_exists(value):
        return value
    raise ValueError('should be an IANA time zone such as "Asia/Shanghai"')


Count = Annotated[int, Field(strict=True, ge=1, le=366)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=1440)]
Hours = Annotated[int, Field(strict=True, ge=1, le=672)]
ClockTime = Annotated[time, BeforeValidator(_clock)]
OwnHour = Annotated[time | None, BeforeValidator(_dose_time_or_clock)]  # None: at the dose time
Milligrams = Annotated[Decimal, BeforeValidator(_milligrams)]
Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
TextId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$", max_length=80)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Rules):
    """One dose step of a drug, in mg per dose."""

    name: Name
    mg: Milligrams


class Window(_Rules):
    """When a dose is on time, and what the study's fixed texts may say about a late one, in elapsed hours.

    Exactly one of `late_take_max_hours` (this many hours late is still allowed) and `late_take_under_hours`
    (it no longer is). `late_next_min_hours`: the next dose must be at least this far away. `beyond`: what a
    dose leads to that is too late, but far enough from the next.
    """

    on_time_hours: Hours
    late_take_max_hours: Hours | None = None
    late_take_under_hours: Hours | None = None
    late_next_min_hours: Hours | None = None
    beyond: Literal["ask_site", "skip"]

    @property
    def on_time(self) -> timedelta:
        return timedelta(hours=self.on_time_hours)


class LateTexts(_Rules):
    """Text ids of what a patient is told about a late dose."""

    take: TextId
    skip: TextId
    ask_site: TextId | None = None


class QuestionTexts(_Rules):
    """Text ids of what is answered to a question about the rules that needs no dose to be looked at."""

    vomited: TextId
    double: TextId
    together: TextId


class Extra(_Rules):
    """How urgent an extra dose is, and how many elapsed hours two intakes are at least apart."""

    tier: Literal["emergency", "urgent"]
    min_gap_hours: Hours


class Drug(_Rules):
    """One drug: cycle days (1-based), dose steps from the highest, window, texts."""

    name: TextId
    days: Annotated[tuple[Count, ...], Field(min_length=1)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    food_advice: TextId
    close_after_hours: Hours
    window: Window
    late_texts: LateTexts
    extra: Extra | None = None

    def mg(self, level: str) -> Decimal:
        """Milligrams of one dose at that level; KeyError for a level the study does not know."""
        for step in self.levels:
            if step.name == level:
                return step.mg
        raise KeyError(level)


class ArmDrug(_Rules):
    """A drug of an arm and the level it starts with."""

    drug: Name
    level: Name


class Arm(_Rules):
    """The drugs of one arm."""

    drugs: Annotated[tuple[ArmDrug, ...], Field(min_length=1)]

    def starting_level(self, drug: str) -> str | None:
        """Level with which this arm starts the drug; None for a drug that is not in the arm."""
        return next((entry.level for entry in self.drugs if entry.drug == drug), None)


class Prompts(_Rules):
    """How the study asks: repetitions, "later", the next day's question, how far ahead plans are written."""

    nudge_minutes: tuple[Minutes, ...]
    later_minutes: Minutes
    on_time_answer_minutes: Minutes
    follow_up: Literal["next_day_at_dose_time"]
    horizon_days: Count
    silence_dose_days: Count


class SymptomCheck(_Rules):
    """When the study asks how somebody is: from `first_day` of a cycle on, every so many days.

    `time`: an hour of its own, or the participant's dose time. After a dose that is asked for at the same hour it
    waits until that is answered, at most `after_dose_minutes`. `left_minutes`: something was ticked and what
    follows stays unanswered so long.
    """

    questionnaire: Name
    first_day: Count
    every_days: Count
    time: OwnHour
    after_dose_minutes: Minutes
    nudge_minutes: tuple[Minutes, ...]
    left_minutes: Minutes
    close_after_hours: Hours


class LicensedCheck(_Rules):
    """When a licensed questionnaire is asked whose wording the site loads: days as in SymptomCheck."""

    questionnaire: Name
    first_day: Count
    every_days: Count
    time: OwnHour
    close_after_hours: Hours


class Edges(_Rules):
    """Whether the edges of a cycle are asked about: the day after its last dose, and the day of one not yet released."""

    off_week: bool
    cycle_start: bool
    close_after_hours: Hours


class Criterion(_Rules):
    """One condition of enrolment, worded so that "met" lets the person in."""

    id: Name
    text: TextId


class Eligibility(_Rules):
    """What must be met before anybody is enrolled, in the order in which it is asked."""

    criteria: tuple[Criterion, ...] = ()


class Study(_Rules):
    """Everything that one study fixes. `title` is a text id; times of day are local to the participant."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$")]
    title: TextId
    timezone: Zone
    cycle_days: Count
    cycle_release: Literal["staff", "automatic"]
    dose_time: ClockTime
    dosing_day_ends: ClockTime
    quiet_from: ClockTime
    quiet_to: ClockTime
    prompts: Prompts
    question_texts: QuestionTexts
    symptom_check: SymptomCheck | None = None
    pro_ctcae: LicensedCheck | None = None
    symptom_rules: SymptomRules = SymptomRules()
    edges: Edges | None = None
    visits: Visits | None = None
    drugs: Annotated[Mapping[Name, Drug], Field(min_length=1)]
    arms: Annotated[Mapping[Name, Arm], Field(min_length=1)]
    eligibility: Eligibility = Eligibility()
    cycle_gate: CycleGate | None = None

    def text_ids(self) -> tuple[str, ...]:
        """Every text that the study names, sorted, to be compared with the catalogues."""
        found = {self.title} | {one.text for one in self.eligibility.criteria}
        found |= self.visits.text_ids() if self.visits else set()
        answers = self.question_texts
        found |= {answers.vomited, answers.double, answers.together}
        for drug in self.drugs.values():
            late = drug.late_texts
            found |= {drug.name, drug.food_advice, late.take, late.skip}
            found |= {late.ask_site} if late.ask_site else set()
        return tuple(sorted(found))


def parse_study(text: str, file: str) -> Study:
    """The study in that TOML text. `file` is only used to name the place of a fault.

    Raises StudyError with one line per fault: file, key, value, what it should be. Contradictions between
    values are looked for once every value by itself is right.
    """
    try:
        study = Study.model_validate(_toml(text, file))
    except ValidationError as error:
        raise StudyError(shape_faults(error, file)) from None
    found = contradictions(study)
    if found:
        raise StudyError([f"{file}: {fault}" for fault in found])
    return study


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise StudyError([f"{file}: not valid TOML: nested too deeply"]) from None
    except ArithmeticError:
        raise StudyError([f"{file}: not valid TOML: a number is out of range"]) from None
    except ValueError as error:
        raise StudyError([f"{file}: not valid TOML: {error}"]) from None
