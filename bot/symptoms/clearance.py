"""Creatinine clearance by Cockcroft and Gault, and the band of the label that it falls into. For staff only.

(140 - age) x kg / (72 x creatinine in mg/dL), x 0.85 for women; 1 mg/dL is 88.4 umol/L exactly. The formula is the one
that the Chinese lenalidomide label names; other constants in use move people across a threshold, so it is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

UMOL_PER_MG_DL = Fraction("88.4")
# Label (China, US): no change from 60 on; steps below 60 and below 30; EU counts its own from 50.
THRESHOLDS = (60, 50, 30)
BANDS = ((60, ">=60"), (50, "50-59"), (30, "30-49"), (0, "<30"))
BORDERLINE = 1  # mL/min: within one of a threshold a clinician looks, whatever side the figure is on
# Ours: outside, somebody typed something else than was meant. The study enrols adults.
AGES = (18, 110)
WEIGHTS = (25, 250)


@dataclass(frozen=True, slots=True)
class Clearance:
    """`ml_min` exactly, never rounded before it is compared."""

    ml_min: Fraction

    @property
    def band(self) -> str:
        """`50-59` is from 50 to just below 60."""
        return next(name for lowest, name in BANDS if self.ml_min >= lowest)

    @property
    def borderline(self) -> bool:
        return any(abs(self.ml_min - threshold) <= BORDERLINE for threshold in THRESHOLDS)

    @property
    def printed(self) -> str:
        """Two decimals, half up. 59.996 prints as 60.00 in the band 50-59: it is borderline, and says so."""
        hundredths = int(self.ml_min * 100 + Fraction(1, 2))
        return f"{hundredths // 100}.{hundredths % 100:02d}"


def clearance(sex: str, age_years: Decimal, weight_kg: Decimal, creatinine_umol: Decimal) -> Clearance:
    """`sex`: female or male. Actual body weight (the label is silent). ValueError for what cannot be true."""
    if sex not in ("female", "male"):
        raise ValueError("sex is neither female nor male")
    _within("age_years", age_years, AGES)
    _within("weight_kg", weight_kg, WEIGHTS)
    mass = (140 - Fraction(age_years)) * Fraction(weight_kg)
    found = mass * UMOL_PER_MG_DL / (72 * Fraction(creatinine_umol))
    return Clearance(found * Fraction("0.85") if sex == "female" else found)


def _within(name: str, value: Decimal, limits: tuple[int, int]) -> None:
    low, high = limits
    if not low <= value <= high:
        raise ValueError(f"{name} {value} is not plausible ({low} to {high})")
