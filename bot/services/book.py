"""The definitions in force: published in the database, parsed once per process, looked up by name or by hash.

A conversation, a judgement and an alert keep the hash of what they began with, so an upgrade never changes what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.definitions import Definition
from bot.dialogue.lexicon import Lexicon, parse_lexicon
from bot.dialogue.script import Script, parse_script
from bot.errors import Misconfigured
from bot.symptoms.danger import DangerLexicon, parse_danger
from bot.symptoms.freetext import Lexicon as OwnWords
from bot.symptoms.freetext import lexicon as weave
from bot.symptoms.grading import Grading, parse_grading
from bot.symptoms.lab_rules import parse_laboratory
from bot.symptoms.label import Label, parse_label
from bot.symptoms.labs import Laboratory
from bot.symptoms.pro_wording import ProWording, parse_pro_wording
from bot.symptoms.questionnaire import Questionnaire, parse_questionnaire
from bot.symptoms.questions import Questions, parse_questions
from bot.symptoms.symptom_words import parse_symptom_words
from bot.symptoms.triage import Triage, parse_triage
from schedules.study import Study, parse_study

if TYPE_CHECKING:
    from bot.services.context import Ctx, Tx

PARSERS: Mapping[str, Callable[[str, str], Any]] = {
    "study": parse_study,
    "script": parse_script,
    "lexicon": parse_lexicon,
    "danger": parse_danger,
    "questionnaire": parse_questionnaire,
    "grading": parse_grading,
    "triage": parse_triage,
    "symptoms": parse_symptom_words,
    "questions": parse_questions,
    "labs": parse_laboratory,
    "label": parse_label,
    "pro_ctcae": parse_pro_wording,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A definition as it stands in a file: its kind, its name and its text."""

    kind: str
    name: str
    body: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.kind}\0{self.name}\0{self.body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Entry:
    hash: str
    effective_from: datetime


class Book:
    """What this process has read of the published definitions. `refresh` reads what is new."""

    def __init__(self) -> None:
        self._editions: dict[tuple[str, str], list[_Entry]] = {}
        self._parsed: dict[str, Any] = {}
        self._woven: OwnWords | None = None
        self._woven_of = ("", "")

    async def refresh(self, tx: Tx) -> None:
        rows = await tx.all(
            select(Definition.kind, Definition.name, Definition.hash, Definition.effective_from).order_by(
                Definition.effective_from, Definition.published_at
            )
        )
        editions: dict[tuple[str, str], list[_Entry]] = {}
        for row in rows:
            editions.setdefault((row.kind, row.name), []).append(_Entry(row.hash, row.effective_from))
        unread = {row.hash for row in rows} - set(self._parsed)
        if unread:
            for row in await tx.all(select(Definition).where(Definition.hash.in_(unread))):
                self._parsed[row.hash] = PARSERS[row.kind](row.body, f"{row.kind}:{row.name}")
        self._editions = editions

    def current(self, kind: str, name: str, now: datetime) -> str:
        """The hash in force at `now`. Raises Misconfigured when none has been published."""
        entries = [e for e in self._editions.get((kind, name), ()) if e.effective_from <= now]
        if not entries:
            raise Misconfigured(f"{kind} {name!r} has not been published: run `suiyao study publish`")
        return entries[-1].hash

    def by_hash(self, key: str) -> Any:
        """A published definition of any edition, parsed as its kind is."""
        return self._parsed[key]

    def names(self, kind: str) -> list[str]:
        return sorted(name for found, name in self._editions if found == kind)

    def study(self, name: str, now: datetime) -> tuple[str, Study]:
        key = self.current("study", name, now)
        return key, self._parsed[key]

    def script(self, name: str, now: datetime) -> tuple[str, Script]:
        key = self.current("script", name, now)
        return key, self._parsed[key]

    def script_by_hash(self, key: str) -> Script:
        script: Script = self._parsed[key]
        return script

    def lexicon(self, now: datetime) -> Lexicon:
        lexicon: Lexicon = self._parsed[self.current("lexicon", "words", now)]
        return lexicon

    def danger(self, now: datetime) -> tuple[str, DangerLexicon]:
        key = self.current("danger", "danger", now)
        return key, self._parsed[key]

    def words(self, now: datetime) -> OwnWords:
        """Danger rules and symptom words in force, as one net."""
        danger, symptoms = self.current("danger", "danger", now), self.current("symptoms", "symptoms", now)
        if (danger, symptoms) != self._woven_of:
            self._woven = weave(self._parsed[danger], self._parsed[symptoms])
            self._woven_of = (danger, symptoms)
        assert self._woven is not None
        return self._woven

    def words_hash(self, rule_id: str, now: datetime) -> str:
        """The definition in which a rule about words stands."""
        key, danger = self.danger(now)
        known = any(rule.id == rule_id for rule in danger.rules)
        return key if known else self.current("symptoms", "symptoms", now)

    def questions(self, now: datetime) -> Questions:
        questions: Questions = self._parsed[self.current("questions", "questions", now)]
        return questions

    def questionnaire(self, name: str, now: datetime) -> tuple[str, Questionnaire]:
        key = self.current("questionnaire", name, now)
        return key, self._parsed[key]

    def questionnaire_by_hash(self, key: str) -> Questionnaire:
        """The check that a conversation began with, whatever has been published since."""
        check: Questionnaire = self._parsed[key]
        return check

    def grading(self, now: datetime) -> tuple[str, Grading]:
        key = self.current("grading", "grading", now)
        return key, self._parsed[key]

    def triage(self, now: datetime) -> tuple[str, Triage]:
        key = self.current("triage", "triage", now)
        return key, self._parsed[key]

    def label(self, now: datetime) -> tuple[str, Label]:
        key = self.current("label", "label", now)
        return key, self._parsed[key]

    def pro_wording(self, name: str, now: datetime) -> tuple[str, ProWording]:
        key = self.current("pro_ctcae", name, now)
        return key, self._parsed[key]

    def pro_wording_by_hash(self, key: str) -> ProWording:
        """The words that a conversation began with, whatever the site has loaded since."""
        wording: ProWording = self._parsed[key]
        return wording

    def laboratory(self, now: datetime) -> tuple[str, Laboratory]:
        key = self.current("labs", "labs", now)
        return key, self._parsed[key]


def check_source(source: Source) -> None:
    """Raises Misconfigured: what is wrong, and where in the file."""
    try:
        PARSERS[source.kind](source.body, source.name)
    except ValueError as problem:
        raise Misconfigured(str(problem)) from None


async def publish(
    ctx: Ctx, sources: Iterable[Source], by: str, effective_from: datetime | None = None
) -> list[str]:
    """Publish what is not yet published, and return the names of what was new. All of it is parsed first."""
    sources = list(sources)
    for source in sources:
        check_source(source)
    new = []
    async with ctx.begin() as tx:
        for source in sources:
            statement = (
                upsert(Definition)
                .values(
                    hash=source.hash,
                    kind=source.kind,
                    name=source.name,
                    body=source.body,
                    effective_from=effective_from or tx.now,
                    published_at=tx.now,
                    published_by=by,
                )
                .on_conflict_do_nothing(index_elements=["hash"])
                .returning(Definition.hash)
            )
            if await tx.scalar(statement):
                new.append(f"{source.kind} {source.name}")
        await ctx.book.refresh(tx)
    return new
