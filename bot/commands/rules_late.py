"""`suiyao rules late`: may a dose that was not taken still be taken? The study's late rule, row by row."""

from __future__ import annotations

import click

from bot.commands import rules_cells as cell
from bot.commands.rules_table import Cells, answer_rows
from bot.commands.study_file import read_study

NEEDS = ("drug", "scheduled_utc", "asked_utc", "next_scheduled_utc")


@click.command(short_help="Late doses: TAKE, SKIP or ASK_SITE.")
@click.argument("file")
@click.option("--study", "study_name", metavar="ID|FILE", default="nct04217967", show_default=True)
def late(file: str, study_name: str) -> None:
    """Columns drug, scheduled_utc, asked_utc, next_scheduled_utc -> decision (TAKE, SKIP or ASK_SITE).

    Hours are hours really elapsed, to the microsecond. For NCT04217967:

    \b
    ixazomib      less than 72 h to the next dose            SKIP
                  at least 72 h, and at most 96 h late       TAKE
                  at least 72 h, and more than 96 h late     ASK_SITE
    lenalidomide  less than 12 h late                        TAKE
                  12 h late or more                          SKIP
    both          the next dose is already due               SKIP
                  asked before the dose is due               ASK_SITE (it is not late; no rule covers taking it early)

    Instants are ISO 8601 with Z or another offset; a time without one is an error. An empty next_scheduled_utc
    means that no further dose is planned.
    """
    from schedules.dosing import lateness

    study = read_study(study_name)

    def answer(cells: Cells) -> Cells:
        name = cell.word(cells, "drug")
        if name not in study.drugs:
            raise ValueError(f"drug {cell.shown(name)} is not one of {', '.join(study.drugs)}")
        scheduled, asked = cell.instant(cells, "scheduled_utc"), cell.instant(cells, "asked_utc")
        following = cell.optional_instant(cells, "next_scheduled_utc")
        if following is not None and following <= scheduled:
            raise ValueError("next_scheduled_utc is not after scheduled_utc")
        return {"decision": str(lateness(study.drugs[name], scheduled, asked, following))}

    answer_rows(file, NEEDS, ("decision",), answer)
