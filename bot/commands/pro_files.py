"""Files that hold a site's PRO-CTCAE wording: CSV with a row per question and language, or FHIR Questionnaire in JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.errors import Misconfigured
from bot.symptoms.pro_ctcae import Instrument
from bot.symptoms.pro_wording import LETTERS, NOT_ANSWERABLE, Piece

NEEDS = ("item", "attribute", "language", "text", "answer_0", "answer_1")
ANSWERS = {**{f"answer_{score}": str(score) for score in range(5)}, "answer_na": NOT_ANSWERABLE}
LINK = re.compile(
    r"(?:PRO-?CTCAE[_-])?0*(?P<item>[1-9][0-9]?)(?P<letter>[ABC])?(?:_(?:SCL|IND))?", re.IGNORECASE
)
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
TAGS = {"zh": "zh_Hans_CN", "en": "en"}
_LONGEST_FILE = 2 * 1024 * 1024  # all 80 items in two languages are a quarter of it


def pieces_of(path: Path, instrument: Instrument) -> list[Piece]:
    """Raises Misconfigured for a file that is neither."""
    try:
        if path.stat().st_size > _LONGEST_FILE:
            raise Misconfigured(f"{path}: larger than 2 MiB")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured(f"{path}: is not UTF-8 text") from None
    except OSError as problem:
        raise Misconfigured(f"{path}: {problem.strerror}") from None
    read = _of_fhir if text.lstrip().startswith("{") else _of_csv
    try:
        return list(read(str(path.name), text, instrument))
    except csv.Error as problem:
        raise Misconfigured(f"{path.name}: not CSV ({problem})") from None
    except RecursionError:
        raise Misconfigured(f"{path.name}: nested too deeply") from None


def _of_csv(name: str, text: str, instrument: Instrument) -> Iterator[Piece]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [one for one in NEEDS if one not in (reader.fieldnames or ())]
    if missing:
        raise Misconfigured(f"{name}: no column {', '.join(missing)}")
    for row in reader:
        cells = {
            key: (value or "").strip() for key, value in row.items() if isinstance(value, str | None) and key
        }
        where = f"{name}, line {reader.line_num}"
        if not re.fullmatch("[0-9]{1,3}", cells["item"]):
            raise Misconfigured(f"{where}: item {cells['item'][:20]!r} is not a number")
        answers = {score: cells.get(column, "") for column, score in ANSWERS.items()}
        attribute = cells["attribute"].lower()
        yield Piece(
            where,
            int(cells["item"]),
            "interference" if attribute == "amount" else attribute,
            _language(cells["language"]),
            cells["text"],
            {score: label for score, label in answers.items() if label},
        )


def _of_fhir(name: str, text: str, instrument: Instrument) -> Iterator[Piece]:
    try:
        resource = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Misconfigured(f"{name}: not JSON ({problem})") from None
    if not isinstance(resource, dict) or resource.get("resourceType") != "Questionnaire":
        raise Misconfigured(f"{name}: not a FHIR Questionnaire")
    own = _language(str(resource.get("language", "")))
    for item in _items(resource):
        yield from _of_item(name, item, own, instrument)


def _items(parent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Questions at any depth; groups and displays carry none."""
    for item in _several(parent, "item"):
        if item.get("type") not in ("group", "display"):
            yield item
        yield from _items(item)


def _several(element: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of a list; nothing where there is none."""
    found = element.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _of_item(name: str, item: Mapping[str, Any], own: str, instrument: Instrument) -> Iterator[Piece]:
    link = str(item.get("linkId", ""))
    where = f"{name}, item {link[:40]!r}"
    found = LINK.fullmatch(link)
    if found is None:
        raise Misconfigured(f"{where}: linkId is not such as PROCTCAE_39A")
    number = int(found["item"])
    asked = instrument.attributes(instrument.structures[number]) if number in instrument.structures else ()
    place = LETTERS.index((found["letter"] or "A").upper())
    attribute = asked[place] if place < len(asked) else f"letter {LETTERS[place]}"
    options = _several(item, "answerOption")
    texts = _translated(item, "text", own)
    for language, text in texts.items():
        answers = {}
        for index, option in enumerate(options):
            coding = option.get("valueCoding")
            if not isinstance(coding, dict):
                raise Misconfigured(f"{where}: answerOption without valueCoding")
            answers[_score(coding, index)] = _translated(coding, "display", own).get(language, "")
        yield Piece(where, number, attribute, language, text, answers)


def _score(coding: Mapping[str, Any], index: int) -> str:
    code = str(coding.get("code", ""))
    if code in {"0", "1", "2", "3", "4"}:
        return code
    return NOT_ANSWERABLE if code.lower() in ("na", "not-applicable", "asked-declined") else str(index)


def _translated(element: Mapping[str, Any], key: str, own: str) -> dict[str, str]:
    """The element's own words, and those of its translation extensions."""
    found = {own: str(element.get(key, "")).strip()} if element.get(key) else {}
    beside = element.get(f"_{key}")
    for extension in _several(beside, "extension") if isinstance(beside, dict) else ():
        if extension.get("url") == TRANSLATION:
            parts = {
                str(one.get("url")): next((str(v) for k, v in one.items() if k.startswith("value")), "")
                for one in _several(extension, "extension")
            }
            found[_language(parts.get("lang", ""))] = parts.get("content", "").strip()
    return found


def _language(tag: str) -> str:
    return TAGS.get(re.split("[-_]", tag.strip().lower())[0], tag.strip())
