"""Laboratory values as typed and as compared, what gates of a cycle said, medicine handed out and counted. Insert-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, LocalDate, OptionalRef, OptionalWord, Recorded, Word


def _participant() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("participant.participant_id"))


class LabResult(Recorded, Base):
    """One value. `value` and `unit` as typed; `canonical` and the limits in the unit in which rules compare it.

    Of one test and day the latest row counts; a correction names the row it supersedes.
    """

    __tablename__ = "lab_result"
    __table_args__ = (Index("ix_lab_result_participant_id", "participant_id", "collected_on"),)
    lab_result_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    test: Mapped[Word]
    collected_on: Mapped[LocalDate]
    value: Mapped[str] = mapped_column(Numeric)
    unit: Mapped[Word]
    canonical: Mapped[str] = mapped_column(Numeric)
    lln: Mapped[str | None] = mapped_column(Numeric)
    uln: Mapped[str | None] = mapped_column(Numeric)
    baseline: Mapped[str | None] = mapped_column(
        Numeric
    )  # the value before treatment that the grade rests on
    term: Mapped[OptionalWord]
    grade: Mapped[int | None] = mapped_column(
        Integer
    )  # none: not gradable by a number, or a limit was missing
    ctcae_version: Mapped[OptionalWord]
    basis: Mapped[OptionalWord]  # rule id@version
    definition: Mapped[Word]  # hash of the laboratory rules
    source: Mapped[Word]  # form, import
    supersedes: Mapped[OptionalRef]


class GateOutcome(Base):
    """What one condition came to when a cycle was released, and why it was released all the same."""

    __tablename__ = "gate_outcome"
    __table_args__ = (Index("ix_gate_outcome_participant_id", "participant_id", "cycle"),)
    gate_outcome_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    cycle: Mapped[int] = mapped_column(Integer)
    first_day: Mapped[LocalDate]
    rule: Mapped[Word]  # id@version
    outcome: Mapped[Word]  # met, not_met, not_assessable
    why: Mapped[Word]  # value, missing, old
    shown: Mapped[OptionalWord]
    fact_on: Mapped[LocalDate | None]
    definition: Mapped[Word]  # hash of the study
    override_reason: Mapped[OptionalWord]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[Word]


class SupplyEvent(Recorded, Base):
    """Capsules handed out, brought back, or counted at home. What should be left is computed, never stored."""

    __tablename__ = "supply_event"
    __table_args__ = (
        CheckConstraint("kind IN ('dispensed', 'returned', 'counted')", name="kind"),
        CheckConstraint("quantity >= 0", name="quantity"),
        Index("ix_supply_event_participant_id", "participant_id", "drug"),
    )
    supply_event_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    drug: Mapped[Word]
    kind: Mapped[Word]
    on_day: Mapped[LocalDate]
    quantity: Mapped[int] = mapped_column(Integer)
    mg: Mapped[str | None] = mapped_column(Numeric(8, 3))  # per capsule
    supersedes: Mapped[OptionalRef]
