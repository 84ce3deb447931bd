"""What staff decide about one participant. Each command shows what it changes before it changes anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bot.commands.codes import code, note

if TYPE_CHECKING:
    from bot.services.context import Tx
    from bot.services.decisions import Order
    from bot.services.planning import Change

    Decide = Callable[[Tx, int, Order], Awaitable[Change]]

INSTANT = click.DateTime(["%Y-%m-%dT%H:%MZ"])


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every decision."""
    for option in (
        click.option("--yes", is_flag=True, help="Apply without asking."),
        click.option(
            "--reason", callback=code, help="A short code such as toxicity; no names, no free words."
        ),
        click.option(
            "--note",
            callback=note,
            help="Free words beside the reason, kept encrypted and in no report; - asks for them.",
        ),
        click.option(
            "--from",
            "since",
            type=INSTANT,
            help="UTC, as 2026-11-04T00:00Z; may lie in the past.  [default: now]",
        ),
        click.argument("subject"),
    ):
        command = option(command)
    return command


@click.group()
def cycle() -> None:
    """Cycles of one participant."""


@cycle.command("start")
@common
@click.option("--cycle", "number", type=int, help="[default: the next one]")
@click.option(
    "--date", "first_day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Local date of day 1."
)
@click.option(
    "--override",
    help="Why the cycle begins although a condition of the study is not met or not assessable: investigator, "
    "known_elsewhere, part_of_drugs or correction.",
)
def cycle_start(
    subject: str, number: int | None, first_day: datetime, override: str | None, **common_options: Any
) -> None:
    """Release a cycle of SUBJECT, early or late, or correct its first day.

    The study's conditions (blood counts, toxicity) are looked at first; each that is not met is named.
    """
    told: list[int] = []

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import cycle_gates, decisions, timeline

        course = await timeline.load(tx, participant_id)
        following = max((one.number for one in course.timeline.cycles), default=0) + 1
        which, day = number or following, first_day.date()
        gate = await cycle_gates.findings(tx, course, day) if cycle_gates.is_release(course, which) else ()
        change = await decisions.start_cycle(tx, participant_id, order, which, day)
        for one in () if told else gate:
            if one.outcome != "met":
                shown = f": {one.shown}" if one.shown else ""
                click.echo(f"{one.rule.id}: {one.outcome} ({one.why}{shown})", err=True)
        told.append(which)  # the decision is tried first and then made: its conditions are named once
        cycle_gates.require(gate, override)
        await cycle_gates.keep(tx, course, which, day, gate, override, order.author.recorded_by)
        return change

    _apply(subject, decide, **common_options)


@click.command()
@common
@click.option("--drug", help="[default: every drug]")
def hold(subject: str, drug: str | None, **common_options: Any) -> None:
    """Hold a drug of SUBJECT: its doses are not asked about and do not count against adherence."""

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import decisions

        return await decisions.hold(tx, participant_id, order, drug)

    _apply(subject, decide, **common_options)


@click.command()
@common
@click.option("--drug", help="[default: the hold of every drug]")
@click.option("--reminders", is_flag=True, help="End a pause of reminders instead of a hold.")
def resume(subject: str, drug: str | None, reminders: bool, **common_options: Any) -> None:
    """End a hold of SUBJECT, reject one that was only claimed, or end a pause."""

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import decisions

        if reminders:
            return await decisions.set_status(tx, participant_id, order, "active")
        return await decisions.resume(tx, participant_id, order, drug)

    _apply(subject, decide, **common_options)


@click.command("dose-level")
@common
@click.option("--drug", required=True)
@click.option("--level", required=True, help="A level's name in the study file.")
def dose_level(subject: str, drug: str, level: str, **common_options: Any) -> None:
    """Set the dose level of a drug for SUBJECT."""

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import decisions

        return await decisions.set_level(tx, participant_id, order, drug, level)

    _apply(subject, decide, **common_options)


@click.command()
@common
@click.option("--to", "to_arm", required=True)
def arm(subject: str, to_arm: str, **common_options: Any) -> None:
    """Move SUBJECT to another arm."""

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import decisions

        return await decisions.set_arm(tx, participant_id, order, to_arm)

    _apply(subject, decide, **common_options)


@click.command()
@common
def pause(subject: str, **common_options: Any) -> None:
    """Send SUBJECT nothing unasked until `resume --reminders`. Doses stay planned and count as not asked."""

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import decisions

        return await decisions.set_status(tx, participant_id, order, "paused")

    _apply(subject, decide, **common_options)


@click.command()
@common
def end(subject: str, **common_options: Any) -> None:
    """End participation of SUBJECT. --reason: death, progression, withdrawal, lost, completed."""

    async def decide(tx: Tx, participant_id: int, order: Order) -> Change:
        from bot.services import decisions

        return await decisions.set_status(tx, participant_id, order, "ended")

    _apply(subject, decide, **common_options)


def _apply(
    subject: str, decide: Decide, *, since: datetime | None, reason: str | None, note: str, yes: bool
) -> None:
    from bot.commands.session import previewed
    from bot.services.author import Author
    from bot.services.decisions import Order
    from bot.services.enrolment import by_subject

    async def work(tx: Tx) -> Change:
        at = since.replace(tzinfo=UTC) if since else tx.now
        order = Order(Author("cli", "staff"), at, reason, note)
        return await decide(tx, await by_subject(tx, subject), order)

    def show(change: Change) -> None:
        click.echo(f"{subject}: {change.cancelled} messages cancelled, {change.new} new.")

    previewed(work, show, yes=yes)
    click.echo("Done.")
