"""Words about a dose that nobody asked about just now: "taken" in the morning, before or long after the question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, exists, literal, select

from bot.db.doses import DoseEvent, DoseReport
from bot.dialogue.dose_words import dose_words
from bot.dialogue.notes import StaffWanted
from bot.dialogue.numerals import plain
from bot.dialogue.turn import Heard, Phrase
from bot.services import (
    asked_before,
    asking,
    conversing,
    not_taken,
    noting,
    outbox,
    talks,
    timeline,
    unplanned_doses,
)
from bot.services.asking import told
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.dose_slots import slots_for
from bot.services.people import Who
from bot.services.planning import topic
from bot.services.timeline import Course
from bot.symptoms.freetext import read
from bot.symptoms.questions import asked
from schedules.localtime import dosing_date, local
from schedules.regimen import is_held

ANSWERS = ("taken", "not_taken", "all_taken", "later", "forgot", "told_to_stop")
NOT_TAKEN = ("not_taken", "later", "forgot", "told_to_stop")
BARE = ("yes", "no")
NOT_YET = ("not_taken", "later", "forgot")  # and no doctor's word
SOON = timedelta(hours=12)


def about_dose(tx: Tx, words: str) -> bool:
    """A bare yes or no is an answer to something, and nothing was asked: it never says that a medicine was taken."""
    lexicon = tx.ctx.book.lexicon(tx.now)
    if lexicon.tells_of_eating(words):
        return True
    return lexicon.answer(words, ANSWERS) is not None and lexicon.answer(words, BARE) is None


def once_more(tx: Tx, words: str) -> bool:
    """又吃了一粒: surely told, not asked, and nothing besides: with a symptom in them the words go to the nurse that way."""
    found = dose_words(words, tx.ctx.book.lexicon(tx.now))
    if found is None or not found.more or found.denied or read(words, tx.ctx.book.words(tx.now)).codes:
        return False
    return asked(words, tx.ctx.book.questions(tx.now), tx.ctx.book.danger(tx.now)[1]) is None


async def waiting(tx: Tx, who: Who) -> bool:
    """Whether a dose of the study could be meant: one that waits for its answer, or is still due today."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    return bool(await asking.unanswered(tx, course) or await _of_today(tx, course))


async def dose_told(tx: Tx, who: Who, words: str, delivery: Delivery) -> str:
    """Hear the words as the answer about today's doses. Returns a word for the record."""
    assert who.participant_id is not None
    course, lexicon = await timeline.load(tx, who.participant_id), tx.ctx.book.lexicon(tx.now)
    due, named = await asking.unanswered(tx, course), _named(tx, words)
    doses = due or await _of_today(tx, course)
    if not doses and once_more(tx, words):
        return await more_told(tx, who, words, delivery)
    if lexicon.answer(words, NOT_TAKEN) is None and not (doses and _among(doses, named)):
        late = _among(await not_taken.still_taken(tx, course), named)
        if late and await _perhaps_again(tx, course, late, named):
            await _begin_about(tx, who, course, late, delivery)
            return "dose_unsure"
        doses = late or doses
    if not doses:
        return await _nothing_open(tx, who, course, words, delivery)
    if not due and lexicon.answer(words, NOT_YET) is not None:
        return await _not_yet(tx, who, doses, delivery)
    await _answered(tx, who, course, doses, Heard("text", words), delivery)
    return "dose_told"


def _named(tx: Tx, words: str) -> set[str]:
    """The medicines of the study that are called by name."""
    said, known = plain(words, {}), tx.ctx.book.questions(tx.now).drugs
    return {drug for drug, names in known.items() if any(name in said for name in names)}


def _among(doses: list[Row[Any]], named: set[str]) -> list[Row[Any]]:
    return [dose for dose in doses if not named or dose.drug in named]


async def _perhaps_again(tx: Tx, course: Course, doses: list[Row[Any]], named: set[str]) -> bool:
    """Today's is told, and these are older and not named: "taken" may be a repetition, so nothing is recorded unasked."""
    recent = any(tx.now - dose.due_at < not_taken.A_DAY for dose in doses)
    return not (named or recent) and await _answered_today(tx, course)


async def _not_yet(tx: Tx, who: Who, doses: list[Row[Any]], delivery: Delivery) -> str:
    """Before its hour a dose is not missed: nothing is recorded, and the reminder comes as planned."""
    lines = [
        Phrase("dose.not_yet", {"drug": Phrase(f"drug.{dose.drug}"), "due": local(dose.due_at, dose.zone)})
        for dose in doses
    ]
    await outbox.reply(tx, who, lines, delivery.inbox_id)
    return "told_early"


async def taken_after_all(tx: Tx, who: Who, row: Row[Any], delivery: Delivery) -> bool:
    """ "Taken", tapped on a screen on which it was put off: that was no answer yet, so this one is. `row`: its question.

    Only where that screen asked about one dose: of several nobody knows which he means. Where it is asked about again
    already, that question has its answer.
    """
    assert who.participant_id is not None
    if (row.script, row.state) != ("dose", "answered"):
        return False
    asked = await asked_before.doses_in(tx, row.conversation_id)
    course = await timeline.load(tx, who.participant_id)
    doses = [dose for dose in await asking.unanswered(tx, course) if dose.dose_id in asked]
    if len(asked) != 1 or not doses:
        return False
    told = Phrase("settled.answer", {"answer": Phrase("choice.taken")})
    await conversing.settle_anew(tx, who, row.token, told, delivery.inbox_id)
    taken, between = Heard("choice", "taken"), (who.participant_id, who.correspondent_id)
    for _, talk in await talks.open_about(tx, who.participant_id, topic(doses[0].due_at)):
        if talk.between == between and await asked_before.doses_in(tx, talk.conversation_id) == asked:
            await conversing.hear(tx, who, talk, taken, delivery)
            return True
    await _answered(tx, who, course, doses, taken, delivery)
    return True


async def _answered(
    tx: Tx, who: Who, course: Course, doses: list[Row[Any]], heard: Heard, delivery: Delivery
) -> None:
    """The question about these doses, which is not asked because its answer is there."""
    slots = await slots_for(tx, course, doses, who, "prompt")
    name = topic(doses[0].due_at)
    talk, turn = await conversing.open_talk(tx, who, "dose", slots, name)
    assert turn.state is not None
    begun = conversing.begun(talk, turn.state)
    await asking.remember(tx, doses, talk.conversation_id, slots)
    await conversing.hear(tx, who, begun, heard, delivery)


async def _nothing_open(tx: Tx, who: Who, course: Course, words: str, delivery: Delivery) -> str:
    """Told of a dose that nobody planned, or told twice. The first may be one too many: a person looks at it.

    "Yesterday" is no repetition of what was told today.
    """
    earlier = any(part in words.casefold() for part in tx.ctx.book.lexicon(tx.now).intake.earlier)
    if not earlier and await _answered_today(tx, course):
        await outbox.reply(tx, who, [Phrase("dose.today_recorded")], delivery.inbox_id)
        return "told_again"
    await noting.carry_out(tx, who, StaffWanted(words, "unplanned"), delivery.inbox_id)
    if tx.ctx.book.lexicon(tx.now).answer(words, NOT_TAKEN) is not None:
        values = {"site_phone": who.site_phone}
        await outbox.reply(tx, who, [Phrase("dose.nothing_open", values)], delivery.inbox_id)
        return "told_unplanned"
    hello = "nurse.passed_on" if earlier else "unplanned.hello"
    slots = unplanned_doses.slots(tx, course, who) | {"hello": hello}
    await conversing.begin(tx, who, "unplanned", slots, delivery)
    return "told_unplanned"


async def unsure_told(tx: Tx, who: Who, words: str, delivery: Delivery) -> bool:
    """应该吃了吧: words about a dose that leave a doubt are asked back with the dose's own buttons, and never recorded."""
    if who.participant_id is None or not tx.ctx.book.lexicon(tx.now).speaks_of_eating(words):
        return False
    return await _asked_about(tx, who, await timeline.load(tx, who.participant_id), delivery)


async def asked_after_all(tx: Tx, who: Who, delivery: Delivery) -> None:
    """As much as planned was taken, by his own answer: which dose that was is asked, unless it is told already."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    if await _asked_about(tx, who, course, delivery):
        return
    if await _answered_today(tx, course):
        await outbox.reply(tx, who, [Phrase("dose.today_recorded")], delivery.inbox_id)
        return
    await conversing.begin(tx, who, "unplanned", unplanned_doses.slots(tx, course, who), delivery)


async def _asked_about(tx: Tx, who: Who, course: Course, delivery: Delivery) -> bool:
    doses = await asking.unanswered(tx, course) or await _of_today(tx, course)
    if not doses:
        return False
    await _begin_about(tx, who, course, doses, delivery)
    return True


async def _begin_about(tx: Tx, who: Who, course: Course, doses: list[Row[Any]], delivery: Delivery) -> None:
    """Were they taken? Nothing is recorded before the answer."""
    slots = await slots_for(tx, course, doses, who, "followup")
    talk = await conversing.begin(tx, who, "dose", slots, delivery, topic(doses[0].due_at))
    await asking.remember(tx, doses, talk, slots)


async def more_told(tx: Tx, who: Who, words: str, delivery: Delivery) -> str:
    """又吃了一粒: perhaps one too many. The nurse has the words; what waits for an answer is asked, else which and when."""
    assert who.participant_id is not None
    await noting.carry_out(tx, who, StaffWanted(words, "unplanned"), delivery.inbox_id)
    if await unsure_told(tx, who, words, delivery):
        return "dose_unsure"
    course = await timeline.load(tx, who.participant_id)
    slots = unplanned_doses.slots(tx, course, who) | {"hello": "nurse.passed_on"}
    await conversing.begin(tx, who, "unplanned", slots, delivery)
    return "told_unplanned"


async def vomited_told(tx: Tx, who: Who, words: str, delivery: Delivery) -> str | None:
    """Vomited after a dose, in a whole sentence that says so. None where it says something else."""
    if tx.ctx.book.lexicon(tx.now).answer(words, ("vomited",)) is None:
        return None
    slots = await unplanned_doses.vomited_slots(tx, who)
    if slots is None:
        await noting.carry_out(tx, who, StaffWanted(words, "vomited"), delivery.inbox_id)
        await outbox.reply(tx, who, [await unplanned_doses.vomited_text(tx, who)], delivery.inbox_id)
    else:
        await conversing.begin(tx, who, "vomited", slots, delivery)
    return "vomited_told"


async def _answered_today(tx: Tx, course: Course) -> bool:
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    return bool(
        await tx.all(
            select(DoseEvent.dose_id)
            .where(DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None))
            .where(DoseEvent.local_date == today)
            .where(exists(literal(1)).where(DoseReport.dose_id == DoseEvent.dose_id))
        )
    )


async def _of_today(tx: Tx, course: Course) -> list[Row[Any]]:
    """Doses of the patient's own day that are not due yet: taking one a little early is told, too."""
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    rows = await tx.all(
        select(DoseEvent)
        .where(DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.local_date == today, DoseEvent.due_at > tx.now, DoseEvent.due_at < tx.now + SOON)
        .where(~told())
        .order_by(DoseEvent.due_at, DoseEvent.drug)
    )
    return [row for row in rows if not is_held(course.timeline, row.drug, row.due_at)]
