"""The table for an ethics committee: every text that reaches a patient, what names its edition, and where it is used."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from bot.commands.texts import places
from bot.reports.patient_texts import COLUMNS, PatientText, patient_texts, table

LOCALES = Path(__file__).parents[2] / "locales"
TEXTS = {one.id: one for one in patient_texts(LOCALES, places())}


def test_every_text_is_there_in_both_languages_with_its_places() -> None:
    rows = list(csv.DictReader(io.StringIO(table(TEXTS.values(), bom=False))))
    assert [row["id"] for row in rows] == list(TEXTS)
    assert tuple(rows[0]) == COLUMNS
    assert all(row["zh"] and row["en"] and row["edition"] and row["used_in"] for row in rows)
    assert TEXTS["symptom.emergency"].used_in == ("triage:triage",)
    assert TEXTS["symptom.numbness.pain"].used_in == ("questionnaire:weekly",)
    assert "study:nct04217967" in TEXTS["late.skip.ixazomib"].used_in
    assert TEXTS["push.line"].used_in == ("program",)


def test_a_letter_changes_the_edition() -> None:
    one = PatientText("a.b", "您好", "Hello", "patient.po", ("program",))
    other = PatientText("a.b", "您好。", "Hello", "patient.po", ("program",))
    assert one.edition != other.edition
    assert one.edition == PatientText("a.b", "您好", "Hello", "page.po", ()).edition


def test_no_cell_becomes_a_formula() -> None:
    evil = PatientText("a.b", "=1+1", "@x", "patient.po", ("program",))
    (row,) = csv.DictReader(io.StringIO(table([evil], bom=False)))
    assert (row["zh"], row["en"]) == ("'=1+1", "'@x")
    assert table([evil], bom=True).startswith("﻿id,")


def test_nothing_of_the_rules_is_among_them() -> None:
    """Grades, terms and what staff read about a rule never reach a patient."""
    assert [one for one in TEXTS if one.startswith(("rule.", "term.", "staff.", "console.", "report."))] == []
