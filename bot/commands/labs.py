"""Laboratory values from a table: each row recorded, corrected or refused by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from bot.commands import rules_cells as cell
from bot.commands.rules_table import Cells, Row, printed, read_table

if TYPE_CHECKING:
    from bot.app.app import App
    from bot.services.labs import NewLab

NEEDS = ("subject_id", "test", "value", "unit", "collected_on")
ADDS = ("outcome", "error")


@click.group()
def labs() -> None:
    """Laboratory values of participants."""


@labs.command("import")
@click.argument("file")
def import_labs(file: str) -> None:
    """Record the values of FILE (CSV, or `-`): subject_id, test, value, unit, collected_on and, if known, lln and uln.

    Test names and units are those of `suiyao rules labs`; lln and uln are in the row's unit; collected_on is a date.
    What comes out has the columns outcome (recorded, corrected, same) and error. A row that cannot be true is refused,
    the others are recorded, and the exit status is then 1. The same file twice changes nothing: `same`.
    """
    from bot.commands.session import run

    table = read_table(file, NEEDS)
    columns = [name for name in table.columns if name not in ADDS]

    async def work(app: App) -> bool:
        failed = False
        with printed([*columns, *ADDS]) as line:
            for row in table.rows:
                outcome, error = await _one(app, row)
                failed |= bool(error)
                line([*(row.cells[name] for name in columns), outcome, error])
        return failed

    raise SystemExit(1 if run(work) else 0)


async def _one(app: App, row: Row) -> tuple[str, str]:
    """Outcome and error. Each row is a transaction of its own: a wrong one takes nothing else back."""
    from bot.errors import Refused
    from bot.services import known_alerts
    from bot.services import labs as values
    from bot.services.author import Author
    from bot.services.enrolment import by_subject

    try:
        new = _read(row)
        async with app.ctx.begin() as tx:
            participant_id = await by_subject(tx, cell.given(row.cells, "subject_id"))
            outcome = await values.record(tx, participant_id, new, Author("cli", "staff"), "import")
            await known_alerts.consider(tx, participant_id)
            return outcome, ""
    except ValueError as problem:
        return "", str(problem)
    except Refused as refusal:
        return "", app.ctx.wording.text("en", refusal.message_id, **refusal.values)


def _read(row: Row) -> NewLab:
    from bot.services.labs import NewLab

    if row.fault is not None:
        raise ValueError(row.fault)
    cells: Cells = row.cells
    limits: list[Decimal | None] = [cell.optional_number(cells, name) for name in ("lln", "uln")]
    return NewLab(
        cell.given(cells, "test"),
        cell.number(cells, "value"),
        cell.given(cells, "unit"),
        cell.day(cells, "collected_on"),
        *limits,
    )
