"""A rule's condition in words that a clinician reads, in one language. What the rule says is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from bot.dialogue.turn import Phrase
from bot.symptoms.condition import ANY, EVERY, OF_TERMS, Condition, Test
from bot.symptoms.grading import Grading
from bot.symptoms.questionnaire import OUTSIDE_ORDER, YES, Question, Questionnaire
from bot.wording import Wording


@dataclass(frozen=True, slots=True)
class Speaker:
    """One language, and what the rules are about."""

    wording: Wording
    language: str
    check: Questionnaire
    grading: Grading

    def text(self, text_id: str, **values: str | int) -> str:
        return self.wording.text(self.language, Phrase(text_id, values))

    def lines(self, when: tuple[Condition, ...]) -> tuple[str, ...]:
        """Any one of these is enough."""
        joined = self.text("ruleshow.and")
        return tuple(joined.join(self._test(test) for test in line) for line in when)

    def _test(self, test: Test) -> str:
        if test.subject in OF_TERMS:
            return self.text(f"ruleshow.{test.subject}", term=self._term(test.key), number=test.wanted[0])
        if test.subject == "known":
            word = self.text(f"ruleshow.known.{test.key}")
            wanted = (
                test.wanted[0] if test.number is not None else self.text(f"ruleshow.word.{test.wanted[0]}")
            )
            return self.text("ruleshow.known", word=word, sign=SIGNS[test.sign], value=wanted)
        if test.key in (ANY, EVERY):
            return self.text(f"ruleshow.{test.key}")
        name, _, question = test.key.partition(".")
        label = self.text(self.check.symptoms[name].label)
        if not question:
            return self.text(
                "ruleshow.ticked" if YES in test.wanted else "ruleshow.not_ticked", symptom=label
            )
        return self.text("ruleshow.answer", symptom=label, **self._answer(self.check.keys[test.key], test))

    def _term(self, term_id: str) -> str:
        if term_id == ANY:
            return self.text("ruleshow.any_term")
        return self.text(next(term.label for term in self.grading.terms if term.id == term_id))

    def _answer(self, question: Question, test: Test) -> dict[str, str]:
        asked = self.text(question.text)
        if test.number is not None and question.kind == "temperature":
            return {"question": asked, "answer": f"{SIGNS[test.sign]} {test.wanted[0]}℃"}
        said = self.text("ruleshow.or").join(self.said(question, one) for one in test.wanted)
        last = question.answers[-1].id == test.wanted[0]
        more = test.sign != "=" and not last
        return {"question": asked, "answer": self.text("ruleshow.or_worse", answer=said) if more else said}

    def said(self, question: Question, answer: str) -> str:
        if answer in OUTSIDE_ORDER:
            return self.text(f"staff.symptom.{answer}")
        return self.text(next(one.label for one in question.answers if one.id == answer))


SIGNS = {">=": "≥", ">": ">", "=": "=", "<": "<"}
