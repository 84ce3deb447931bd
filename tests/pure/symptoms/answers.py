"""Strategies: any answers to the weekly check, and the same with one of them worse."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bot.symptoms.questionnaire import COLDEST, HOTTEST, LEFT, NOT_TOLD
from tests.pure.symptoms.shipped import WEEKLY

Answers = dict[str, Any]


def _reply(key: str) -> st.SearchStrategy[Any]:
    question = WEEKLY.keys[key]
    named: st.SearchStrategy[Any] = st.sampled_from([*(one.id for one in question.answers), NOT_TOLD, LEFT])
    if question.kind == "temperature":
        tenths = st.integers(int(COLDEST * 10), int(HOTTEST * 10)).map(lambda number: number / 10)
        return named | tenths
    return named


@st.composite
def any_answers(draw: st.DrawFn) -> Answers:
    """A few symptoms ticked, the rest not, or not asked; follow-ups answered or not."""
    answers: Answers = {}
    few = draw(st.lists(st.sampled_from(list(WEEKLY.symptoms)), max_size=5, unique=True))
    rest = draw(st.sampled_from(["no", None]))
    for name in WEEKLY.symptoms:
        ticked = draw(st.sampled_from(["yes", "yes", "no", None])) if name in few else rest
        if ticked is None:
            continue
        answers[name] = ticked
        for key in (key for key in WEEKLY.keys if key.startswith(f"{name}.")):
            if ticked == "yes" and draw(st.booleans()):
                answers[key] = draw(_reply(key))
    return answers


@st.composite
def worse_of(draw: st.DrawFn, answers: Answers) -> Answers:
    """One answer worse, where one can be; otherwise the same."""
    choices = [(key, worse) for key, said in answers.items() for worse in _worse(key, said)]
    if not choices:
        return answers
    key, worse = draw(st.sampled_from(choices))
    return {**answers, key: worse}


def _worse(key: str, said: Any) -> list[Any]:
    if isinstance(said, float):
        return [round(said + step, 1) for step in (0.1, 0.5, 1.0, 3.0) if said + step <= HOTTEST]
    rank = WEEKLY.rank(key, said)
    if rank is None or key in WEEKLY.symptoms:
        return ["yes"] if said == "no" and key in WEEKLY.symptoms else []
    return [one.id for one in WEEKLY.keys[key].answers[rank + 1 :]]
