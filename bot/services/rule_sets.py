"""The rules in force for one study: the published ones as its file reads them, with the hashes that name them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from bot.db.people import Participant
from bot.services.context import Tx
from bot.symptoms.grading import Grading
from bot.symptoms.overrides import applied
from bot.symptoms.triage import Triage
from schedules.study import Study

SIGNED_KINDS = (
    "danger",
    "grading",
    "label",
    "labs",
    "questions",
    "symptoms",
    "triage",
)  # besides the study and its questionnaire


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`parts`: kind and name of each definition, with its hash. The study's own hash names a rule that it changes."""

    study: Study
    grading: Grading
    triage: Triage
    parts: Mapping[str, str]

    @property
    def hash(self) -> str:
        """One name for all of it; what an investigator signs."""
        lines = "\n".join(f"{name} {found}" for name, found in sorted(self.parts.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def definition(self, kind: str, edition: str) -> str:
        """The hash of the definition that a rule of grading or triage stands in. `edition`: id@version as alerts have it."""
        changed = "@" in edition and edition.partition("@")[2].startswith(f"{self.study.id}-")
        return self.parts[f"study {self.study.id}"] if changed else self.parts[f"{kind} {kind}"]


def in_force(tx: Tx, study_name: str) -> RuleSet:
    """Raises Misconfigured when something has not been published, ScriptError when the study changes what is not there."""
    book = tx.ctx.book
    study_hash, study = book.study(study_name, tx.now)
    _, grading = book.grading(tx.now)
    _, triage = book.triage(tx.now)
    graded, told = applied(study.id, study.symptom_rules, grading, triage)
    parts = {f"{kind} {kind}": book.current(kind, kind, tx.now) for kind in SIGNED_KINDS}
    parts[f"study {study.id}"] = study_hash
    if study.symptom_check is not None:
        name = study.symptom_check.questionnaire
        parts[f"questionnaire {name}"] = book.current("questionnaire", name, tx.now)
    return RuleSet(study, graded, told, parts)


async def of_participant(tx: Tx, participant_id: int) -> RuleSet:
    name = await tx.scalar(select(Participant.study).where(Participant.participant_id == participant_id))
    return in_force(tx, name)
