"""Coded answers as lines that staff read: question and answer in the site's language. Personal data: sealed by the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from bot.db.sites import Site
from bot.dialogue.turn import Phrase
from bot.services.context import Tx
from bot.services.people import Who
from bot.symptoms.questionnaire import OUTSIDE_ORDER, YES, Question, Questionnaire


async def language(tx: Tx, who: Who) -> str:
    return str(await tx.scalar(select(Site.language).where(Site.site_id == who.site_id)) or who.language)


def lines(tx: Tx, language: str, check: Questionnaire, answers: Mapping[str, Any]) -> str:
    """What was ticked, each with the answers about it so far."""
    return "\n".join(tx.ctx.wording.text(language, line) for line in _lines(check, check.clean(answers)))


def _lines(check: Questionnaire, answers: Mapping[str, Any]) -> Iterator[Phrase]:
    for name, symptom in check.symptoms.items():
        if answers.get(name) != YES:
            continue
        yield Phrase(symptom.label)
        for question in symptom.questions:
            answer = answers.get(f"{name}.{question.id}")
            if answer is None:
                continue  # not asked yet
            said = _said(question, answer)
            yield Phrase("staff.symptom.line", {"question": Phrase(question.text), "answer": said})


def _said(question: Question, answer: Any) -> Phrase:
    if isinstance(answer, float):
        return Phrase("staff.symptom.degrees", {"number": answer})
    if answer in OUTSIDE_ORDER:
        return Phrase(f"staff.symptom.{answer}")
    return Phrase(next(one.label for one in question.answers if one.id == answer))
