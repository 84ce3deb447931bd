"""What a questionnaire's file may leave out: names of texts that follow from their place, and answers that questions share.

It only writes out what was meant; whatever it cannot make sense of is left as it is, for the parser to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def spelled_out(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The file with every text named and every scale in the place of its name."""
    found = dict(raw)
    scales = found.pop("scales", {})
    symptoms = found.get("symptoms")
    if isinstance(symptoms, dict) and isinstance(scales, dict):
        found["symptoms"] = {name: _symptom(name, one, scales) for name, one in symptoms.items()}
    return found


def _symptom(name: str, raw: Any, scales: Mapping[str, Any]) -> Any:
    if not isinstance(raw, dict):
        return raw
    found = {"label": f"symptom.{name}", **raw}
    questions = found.get("questions")
    if isinstance(questions, list):
        found["questions"] = [_question(name, one, scales) for one in questions]
    return found


def _question(symptom: str, raw: Any, scales: Mapping[str, Any]) -> Any:
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str):
        return raw
    place = f"symptom.{symptom}.{raw['id']}"
    found = {"text": place, **raw}
    if found.get("scale") in scales and "answers" not in found:
        found["answers"] = scales[found.pop("scale")]
    answers = found.get("answers")
    if isinstance(answers, list):
        found["answers"] = [
            {"id": one, "label": f"{place}.{one}"} if isinstance(one, str) else one for one in answers
        ]
    return found
