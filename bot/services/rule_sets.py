"""The rules of one study: the published ones as its file reads them, with the hashes that name them; and which of them run.

On a live database a new edition runs once an investigator has signed it; until then the last signed one goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.deployments import Deployment
from bot.db.people import Participant
from bot.db.rules import RuleSignature
from bot.services.context import Tx
from bot.symptoms.grading import Grading
from bot.symptoms.overrides import applied
from bot.symptoms.questionnaire import Questionnaire
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
CHECK = "weekly"  # the questionnaire of a study that names none


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
    """The newest published edition. Raises Misconfigured when something has not been published."""
    book = tx.ctx.book
    study_hash, study = book.study(study_name, tx.now)
    parts = {f"{kind} {kind}": book.current(kind, kind, tx.now) for kind in SIGNED_KINDS}
    parts[f"study {study.id}"] = study_hash
    if study.symptom_check is not None:
        name = study.symptom_check.questionnaire
        parts[f"questionnaire {name}"] = book.current("questionnaire", name, tx.now)
    return _of_parts(tx, study_name, parts)


def _of_parts(tx: Tx, study_name: str, parts: Mapping[str, str]) -> RuleSet:
    """Raises ScriptError when the study changes a rule that is not there."""
    book = tx.ctx.book
    study: Study = book.by_hash(parts[f"study {study_name}"])
    grading, triage = book.by_hash(parts["grading grading"]), book.by_hash(parts["triage triage"])
    graded, told = applied(study.id, study.symptom_rules, grading, triage)
    return RuleSet(study, graded, told, parts)


_MARK = select(Deployment.mark)


async def running(tx: Tx, study_name: str) -> RuleSet:
    """What checks are asked and judged by. Danger words are not among it: the newest published ones count at once."""
    newest = in_force(tx, study_name)
    if await tx.scalar(_MARK) != "live":
        return newest
    signed = await last_signed(tx, study_name, newest.hash)
    return (
        newest
        if signed is None or signed.rules_hash == newest.hash
        else _of_parts(tx, study_name, signed.parts)
    )


async def last_signed(tx: Tx, study_name: str, preferred: str) -> Row[Any] | None:
    """The signature under the preferred edition, or else the newest under any; None: nobody ever signed."""
    return await tx.first(
        select(RuleSignature)
        .where(RuleSignature.study == study_name)
        .order_by((RuleSignature.rules_hash == preferred).desc(), RuleSignature.rule_signature_id.desc())
        .limit(1)
    )


async def of_participant(tx: Tx, participant_id: int) -> RuleSet:
    return await running(tx, await tx.scalar(_study_of(participant_id)))


@built
def _study_of(participant_id: Any) -> Executable:
    return select(Participant.study).where(Participant.participant_id == participant_id)


async def check_of(tx: Tx, participant_id: int) -> tuple[str, Questionnaire]:
    """The questionnaire by which this participant is asked, with its hash."""
    rules = await of_participant(tx, participant_id)
    rule = rules.study.symptom_check
    if rule is None:
        return tx.ctx.book.questionnaire(CHECK, tx.now)
    key = rules.parts[f"questionnaire {rule.questionnaire}"]
    return key, tx.ctx.book.questionnaire_by_hash(key)
