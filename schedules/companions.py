"""What staff have chosen beside the study drugs, and what of it holds at an instant. The latest word about a matter counts.

A medicine that protects is asked about weekly or daily; it is never a dose of the study and counts in none of its figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

MEDICINES = ("acyclovir", "aspirin", "tmp_smx")
MATTERS = (*MEDICINES, "contraception", "pregnancy_test")
RHYTHMS = ("weekly", "daily")


@dataclass(frozen=True, slots=True)
class Companion:
    """One decision, in the order in which they were written: a later one about the same matter replaces an earlier."""

    matter: str
    choice: str  # on, off
    rhythm: str  # of a medicine: weekly, daily
    effective_from: datetime


def in_force(decisions: Iterable[Companion], at: datetime) -> Mapping[str, Companion]:
    """What is on at this instant, by matter."""
    latest = {one.matter: one for one in decisions if one.effective_from <= at}
    return {matter: one for matter, one in latest.items() if one.choice == "on"}


def medicines(decisions: Iterable[Companion], at: datetime, rhythm: str | None = None) -> tuple[str, ...]:
    """Those that are on, in a fixed order; of one rhythm, or of any."""
    found = in_force(decisions, at)
    return tuple(name for name in MEDICINES if name in found and rhythm in (None, found[name].rhythm))


def traits(decisions: Iterable[Companion], at: datetime) -> frozenset[str]:
    """The words by which a study's rules ask for whom they are; `prophylaxis`: somebody is to be asked once a week."""
    decisions = tuple(decisions)
    weekly = {"prophylaxis"} if medicines(decisions, at, "weekly") else set()
    return frozenset(in_force(decisions, at)) | weekly
