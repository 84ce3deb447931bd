"""The rules of a study as tables, and the signature under them."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.visit import Visit
from bot.errors import Refused
from bot.reports.rule_examples import shipped_examples
from bot.reports.rule_pages import html
from bot.reports.rule_tables import Printer, Rules
from bot.services import rule_sets, rule_signatures, signing_in
from bot.services.context import Tx

RULES = "/console/rules"


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, fault: str = "") -> Response:
    async with visit.ctx.begin() as tx:  # rules and who signed them: nothing of any participant
        await visit.ctx.book.refresh(tx)
        studies = visit.ctx.book.names("study")
        study = visit.asked("study", tuple(studies))
        found = rule_sets.in_force(tx, study)
        values: dict[str, Any] = {
            "now": tx.now,
            "studies": studies,
            "study": study,
            "rules": found,
            "zone": visit.staff.sites[0].zone if visit.staff.sites else found.study.timezone,
            "signature": await rule_signatures.standing(tx, study),
            "signatures": await rule_signatures.history(tx, study),
        }
        printer = Printer(visit.ctx.wording, _rules(tx, found))
    # Writing all tables takes time that an alert must not wait for.
    tables = await asyncio.to_thread(html, printer)
    return visit.page("rules.html", status, tables=tables, fault=fault, **values)


def _rules(tx: Tx, found: rule_sets.RuleSet) -> Rules:
    book = tx.ctx.book
    name = found.study.symptom_check.questionnaire if found.study.symptom_check else "weekly"
    graded, told = shipped_examples()
    return Rules(
        found.study,
        book.questionnaire(name, tx.now)[1],
        found.grading,
        found.triage,
        book.laboratory(tx.now)[1],
        book.danger(tx.now)[1],
        book.words(tx.now).symptoms,
        book.label(tx.now)[1],
        graded,
        told,
    )


async def sign(visit: Visit) -> Response:
    """The password once more, and the edition that was on the screen: what has changed meanwhile is not signed."""
    form = visit.form
    study = form.text("study")
    try:
        if not form.has("approved"):
            raise Refused("console.rules.not_ticked")
        await signing_in.verify_again(visit.ctx, visit.staff, form.raw("password"))
        async with visit.ctx.begin() as tx:
            await rule_signatures.sign(tx, visit.staff, study, form.text("seen"))
    except Refused as refusal:
        if refusal.message_id == "console.no_such_study":
            raise
        return await _page(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(RULES, "rules_signed")


PAGES = (
    Page("GET", RULES, "look", show),
    Page("POST", f"{RULES}/sign", "sign", sign),
)
