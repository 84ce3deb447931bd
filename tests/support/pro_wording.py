"""An invented wording for questions of PRO-CTCAE's structure. No line of the licensed form, in either language."""

from __future__ import annotations

from bot.commands.shipped_file import shipped_text
from bot.symptoms.pro_ctcae import Instrument, parse_instrument
from bot.symptoms.pro_wording import Piece

INSTRUMENT: Instrument = parse_instrument(shipped_text("instruments/pro_ctcae.toml"), "pro_ctcae.toml")
LABELS = {"zh_Hans_CN": ("甲", "乙", "丙", "丁", "戊"), "en": ("a", "b", "c", "d", "e")}


def pieces(*numbers: int) -> list[Piece]:
    """All rows of these items in both languages."""
    found: list[Piece] = []
    for number in numbers:
        for attribute in INSTRUMENT.attributes(INSTRUMENT.structures[number]):
            for language, labels in LABELS.items():
                most = 2 if attribute == "presence" else 5
                text = (
                    f"问{number}的{attribute}" if language == "zh_Hans_CN" else f"about {number}: {attribute}"
                )
                answers = {str(score): f"{label}{number}" for score, label in enumerate(labels[:most])}
                found.append(Piece(f"row {len(found)}", number, attribute, language, text, answers))
    return found


def as_csv(rows: list[Piece]) -> str:
    lines = ["item,attribute,language,text,answer_0,answer_1,answer_2,answer_3,answer_4"]
    for piece in rows:
        answers = ",".join(piece.answers.get(str(score), "") for score in range(5))
        lines.append(f"{piece.item},{piece.attribute},{piece.language[:2]},{piece.text},{answers}")
    return "\n".join(lines) + "\n"
