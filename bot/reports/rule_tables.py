"""All rules of a study as tables in both languages, to be read and signed by a clinician. It shows and never judges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.reports.rule_words import Speaker
from bot.symptoms.danger import DangerLexicon
from bot.symptoms.examples import Cases
from bot.symptoms.grading import Grading
from bot.symptoms.label import Label
from bot.symptoms.labs import Laboratory, LabRule
from bot.symptoms.questionnaire import Question, Questionnaire
from bot.symptoms.symptom_words import SymptomWords
from bot.symptoms.triage import URGENCIES, Triage, TriageRule
from bot.wording import Wording
from schedules.study import Study

LANGUAGES = ("zh_Hans_CN", "en")
Cell = tuple[str, ...]  # its lines


@dataclass(frozen=True, slots=True)
class Table:
    """`title` and `note` in both languages; `head` are text ids."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that is shown. `grading` and `triage` as the study reads them; `examples` by term and by rule."""

    study: Study
    check: Questionnaire
    grading: Grading
    triage: Triage
    labs: Laboratory
    danger: DangerLexicon
    symptoms: SymptomWords
    label: Label
    graded: Cases
    told: Cases


@dataclass(frozen=True, slots=True)
class Printer:
    wording: Wording
    rules: Rules

    def speakers(self) -> tuple[Speaker, ...]:
        rules = self.rules
        return tuple(Speaker(self.wording, one, rules.check, rules.grading) for one in LANGUAGES)

    def both(self, text_id: str, **values: str | int) -> str:
        return " ".join(dict.fromkeys(one.text(text_id, **values) for one in self.speakers()))

    def cell(self, text_id: str) -> Cell:
        return tuple(dict.fromkeys(one.text(text_id) for one in self.speakers()))

    def table(self, name: str, head: tuple[str, ...], rows: Iterator[tuple[Cell, ...]]) -> Table:
        title, note = self.both(f"ruleshow.title.{name}"), self.both(f"ruleshow.note.{name}")
        return Table(title, note, tuple(self.both(f"ruleshow.head.{one}") for one in head), tuple(rows))

    def tables(self) -> tuple[Table, ...]:
        return (
            self.table("settings", ("setting", "value"), self._settings()),
            self.table("questions", ("symptom", "question", "answers"), self._questions()),
            *(
                self.table(f"triage_{urgency}", TRIAGE_HEAD, self._triage(urgency))
                for urgency in URGENCIES
                if any(rule.urgency == urgency for rule in self.rules.triage.rules)
            ),
            self.table("grading", ("term", "grade", "when", "rule", "source"), self._grading()),
            self.table("triage_rows", ("rule", "row", "met"), self._rows(self.rules.told)),
            self.table("grading_rows", ("term", "row", "grade"), self._rows(self.rules.graded)),
            self.table("late", ("drug", "on_time", "late", "beyond"), self._late()),
            self.table("gate", ("rule", "drug", "condition", "source"), self._gate()),
            self.table("labs", ("test", "grade", "condition", "rule", "source"), self._labs()),
            self.table("label", ("rule", "drug", "when", "staff", "source"), self._label()),
            self.table("words", ("flag", "rule", "tier", "staff", "source"), self._words()),
            self.table("own_words", ("code", "rule", "tier", "asks"), self._own_words()),
        )

    def _settings(self) -> Iterator[tuple[Cell, ...]]:
        rules = self.rules.study.symptom_rules
        values = {
            "caregiver": self.cell(f"ruleshow.caregiver.{rules.caregiver}"),
            "lab_days": (str(rules.lab_days),),
            "urgent_days": (str(rules.repeats.urgent_days),),
            "routine_days": (str(rules.repeats.routine_days),),
            "emergency_hours": (str(rules.clocks.emergency_hours),),
            "urgent_hours": (str(rules.clocks.urgent_hours),),
            "routine_hours": (str(rules.clocks.routine_hours),),
        }
        yield from ((self.cell(f"ruleshow.setting.{name}"), value) for name, value in values.items())
        for name, change in rules.triage.items():
            if change.off:
                yield (
                    self.cell("ruleshow.setting.off"),
                    (f"{name}@{self.rules.study.id}-{change.version}", change.source),
                )

    def _questions(self) -> Iterator[tuple[Cell, ...]]:
        check = self.rules.check
        for name in (name for screen in check.screens for name in screen):
            symptom = check.symptoms[name]
            for question in symptom.questions:
                key = f"{name}.{question.id}"
                yield (
                    self.cell(symptom.label),
                    (*self.cell(question.text), f"`{key}`"),
                    self._answers(question),
                )

    def _answers(self, question: Question) -> Cell:
        return tuple(
            " · ".join(one.said(question, answer.id) for answer in question.answers)
            for one in self.speakers()
        )

    def _triage(self, urgency: str) -> Iterator[tuple[Cell, ...]]:
        for rule in self.rules.triage.rules:
            if rule.urgency == urgency:
                texts = (*self.cell(rule.staff), *((f"`{rule.patient}`",) if rule.patient else ()))
                yield (f"`{rule.edition}`",), self._when(rule), texts, self._extra(rule), (rule.source,)

    def _when(self, rule: TriageRule) -> Cell:
        return tuple(line for one in self.speakers() for line in one.lines(rule.when))

    def _extra(self, rule: TriageRule) -> Cell:
        found = []
        if rule.seen_before is not None:
            drug, hours = rule.seen_before
            found.append(self.both("ruleshow.seen_before", drug=drug, hours=hours))
        found.append(self.both("ruleshow.held_back" if rule.held_back else "ruleshow.never_held_back"))
        return tuple(found)

    def _grading(self) -> Iterator[tuple[Cell, ...]]:
        for term in self.rules.grading.terms:
            name = (*self.cell(term.label), f"CTCAE {term.ctcae} {term.code}")
            for rule in term.rules:
                lines = tuple(line for one in self.speakers() for line in one.lines(rule.when))
                yield name, (str(rule.grade),), lines, (f"`{rule.edition}`",), (rule.source,)

    def _rows(self, cases: Cases | Mapping[str, tuple[object, ...]]) -> Iterator[tuple[Cell, ...]]:
        for owner, rows in cases.items():
            for case in rows:
                text, wanted = getattr(case, "text", ""), getattr(case, "wanted", "")
                yield (f"`{owner}`",), (f"`{text or '-'}`",), (str(wanted).lower(),)

    def _late(self) -> Iterator[tuple[Cell, ...]]:
        for drug in self.rules.study.drugs.values():
            window = drug.window
            late = (
                self.both(
                    "ruleshow.late_at_most",
                    hours=window.late_take_max_hours,
                    next_hours=window.late_next_min_hours or 0,
                )
                if window.late_take_max_hours is not None
                else self.both("ruleshow.late_under", hours=window.late_take_under_hours or 0)
            )
            beyond = self.both(f"ruleshow.beyond.{window.beyond}")
            yield self.cell(drug.name), (f"±{window.on_time_hours} h",), (late,), (beyond,)

    def _gate(self) -> Iterator[tuple[Cell, ...]]:
        gate = self.rules.study.cycle_gate
        for rule in gate.rules if gate else ():
            if rule.test is not None:
                condition = f"{rule.test} ≥ {rule.at_least}"
            else:
                condition = self.both("ruleshow.toxicity", grade=rule.toxicity_at_most or 0)
            yield (
                (f"`{rule.id}@{rule.version}`",),
                self.cell(f"drug.{rule.drug}"),
                (condition,),
                (rule.source,),
            )

    def _labs(self) -> Iterator[tuple[Cell, ...]]:
        for test in self.rules.labs.tests.values():
            for rule in test.rules:
                shown = f"{compared(rule)} {test.unit.name if rule.when.of is None else ''}".strip()
                name = (*self.cell(test.label), f"CTCAE {self.rules.labs.ctcae} {test.code}")
                yield name, (str(rule.grade),), (shown,), (f"`{rule.id}@{rule.version}`",), (rule.source,)

    def _label(self) -> Iterator[tuple[Cell, ...]]:
        for row in self.rules.label.rows:
            when = tuple(line for one in self.speakers() for line in one.lines(row.when))
            drugs = tuple(line for drug in row.drugs for line in self.cell(f"drug.{drug}"))
            yield (f"`{row.id}@{row.version}`",), drugs, when, self.cell(row.text), (row.source,)

    def _own_words(self) -> Iterator[tuple[Cell, ...]]:
        """Which words a rule looks for stands in its file; here, what follows from them."""
        words = self.rules.symptoms
        for rule in words.rules:
            yield self._asked(rule.codes, rule.id, rule.version, rule.tier)
        for one in words.together:
            yield self._asked(tuple(sorted(one.codes)), one.id, one.version, one.tier)

    def _asked(self, codes: tuple[str, ...], rule: str, version: int, tier: str) -> tuple[Cell, ...]:
        asks = dict.fromkeys(self.rules.symptoms.check.get(code, "") for code in codes)
        known = [self.rules.check.symptoms[name].label for name in asks if name in self.rules.check.symptoms]
        asked = tuple(line for label in known for line in self.cell(label)) or ("-",)
        return (" + ".join(codes),), (f"`{rule}@{version}`",), self.cell(f"tier.{tier}"), asked

    def _words(self) -> Iterator[tuple[Cell, ...]]:
        for rule in self.rules.danger.rules:
            known = rule.staff_text in self.wording.texts[LANGUAGES[0]]
            staff = self.cell(rule.staff_text) if known else (rule.staff_text,)
            tier = self.cell(f"tier.{rule.tier}")
            yield (rule.flag,), (f"`{rule.id}@{rule.version}`",), tier, staff, (rule.source,)


TRIAGE_HEAD = ("rule", "when", "texts", "besides", "source")


def compared(rule: LabRule) -> str:
    """`< 1.5 uln`, and for which baseline."""
    times = "" if rule.when.of is None else f" × {rule.when.of}"
    only = f" ({rule.only} baseline)" if rule.only else ""
    return f"{rule.when.sign} {rule.when.number}{times}{only}"
