"""What a participant takes or needs beside the study drugs, and how often it is asked about. Shown before it is changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from schedules.companions import MATTERS, RHYTHMS

if TYPE_CHECKING:
    from bot.services.companions import NewChoice
    from bot.services.context import Tx

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("subject")
@click.option(
    "--matter",
    type=click.Choice(MATTERS),
    required=True,
    help="A protective medicine, contraception or the pregnancy test.",
)
@click.option("--on/--off", "is_on", default=True, help="Asked or reminded about, or not.  [default: on]")
@click.option(
    "--rhythm",
    type=click.Choice(RHYTHMS),
    default="weekly",
    show_default=True,
    help="How often a medicine is asked about; daily goes with the day's dose.",
)
@click.option("--since", type=DAY, help="Local date on which the medicine was begun.  [default: today]")
@click.option(
    "--starts-on", type=DAY, help="Local date, today or later, from which this holds.  [default: now]"
)
@click.option("--yes", is_flag=True, help="Apply without asking.")
def companion(
    subject: str,
    matter: str,
    is_on: bool,
    rhythm: str,
    since: datetime | None,
    starts_on: datetime | None,
    yes: bool,
) -> None:
    """Set what SUBJECT takes or needs beside the study drugs: acyclovir, aspirin, TMP-SMX, contraception, tests.

    Nobody is told to take it: it is asked about once a week, or daily where that is chosen for this person. The page
    "Labs and supply" of the console does the same. What was is kept.
    """
    from bot.commands.session import previewed

    async def work(tx: Tx) -> str:
        from bot.services.companions import NewChoice

        new = NewChoice(
            matter,
            "on" if is_on else "off",
            since.date() if since else None,
            rhythm,
            starts_on.date() if starts_on else None,
        )
        return await _choose(tx, subject, new)

    previewed(work, click.echo, yes=yes)
    click.echo("Done.")


async def _choose(tx: Tx, subject: str, new: NewChoice) -> str:
    """What it changes, as a line."""
    from bot.services import companions, planning
    from bot.services.author import Author
    from bot.services.enrolment import by_subject

    participant_id = await by_subject(tx, subject)
    before = (await companions.choices(tx, participant_id)).get(new.matter)
    await companions.choose(tx, participant_id, new, Author("cli", "staff"))
    await planning.replan(tx, participant_id)
    was = _said(before.choice, before.rhythm) if before else "off"
    starts = f" from {new.starts_on.isoformat()}" if new.starts_on else ""
    return f"{subject}: {new.matter} {was} -> {_said(new.choice, new.rhythm)}{starts}."


def _said(choice: str, rhythm: str) -> str:
    return f"on, {rhythm}" if choice == "on" else "off"
