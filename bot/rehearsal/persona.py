"""Kinds of people: when they answer, how, and how often they took what they were asked about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persona:
    """Chances of one question; minutes until somebody looks. `words`: writes instead of tapping."""

    name: str
    answers: float
    takes: float
    minutes: tuple[int, int]
    words: float = 0.1
    twice: float = 0.05
    later: float = 0.04
    leaves: float = 0.02  # stops in the middle
    now: float = 0.35  # takes it at the moment of telling, where the hour is asked


PERSONAS = (
    Persona("at once", 0.98, 0.98, (1, 40)),
    Persona("in a while", 0.95, 0.96, (5, 55), words=0.3),
    Persona("late", 0.90, 0.93, (70, 700), twice=0.1),
    Persona("the morning after", 0.85, 0.92, (665, 715), now=0.9),
    Persona("now and then", 0.60, 0.85, (30, 2000), leaves=0.1),
    Persona("never", 0.0, 0.9, (30, 60)),
)
WEIGHTS = (6, 5, 4, 2, 2, 1)
