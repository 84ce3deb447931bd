"""Bring sites, staff and participants into being, and invite."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.services.context import Tx
    from bot.services.linking import Invited

DAY = click.DateTime(["%Y-%m-%d"])
CLOCK = click.DateTime(["%H:%M"])
LANGUAGE = click.Choice(["zh_Hans_CN", "en"])
FORMAT = click.Choice(["text", "json"])


@click.group()
def site() -> None:
    """Sites of the study."""


@site.command("add")
@click.option("--code", required=True, help="Short code; subject ids begin with it (PUMCH -> PUMCH-001).")
@click.option("--name", required=True, help="Name shown to patients.")
@click.option(
    "--phone", required=True, help="The clinic's own number, shown to patients in every safety text."
)
@click.option("--tz", "zone", default="Asia/Shanghai", show_default=True)
@click.option("--language", type=LANGUAGE, default="zh_Hans_CN", show_default=True)
@click.option(
    "--telegram",
    type=click.Choice(["off", "notice", "full"]),
    default="notice",
    show_default=True,
    help="off; notice: a neutral line and a link to the page; full: conversations (needs the separate consent).",
)
def site_add(code: str, name: str, phone: str, zone: str, language: str, telegram: str) -> None:
    """Add a site."""
    from bot.commands.session import in_transaction
    from bot.services.enrolment import NewSite, add_site

    if not re.fullmatch(r"[A-Z0-9]{2,12}", code):
        raise click.BadParameter(f"{code!r} is not 2 to 12 capital letters or digits", param_hint="--code")
    if sum(sign.isdigit() for sign in phone) < 5:
        raise click.BadParameter(f"{phone!r} is not a telephone number", param_hint="--phone")
    if not name.strip():
        raise click.BadParameter("is empty", param_hint="--name")
    new = NewSite(code, name, checked_zone(zone), language, phone, telegram)

    async def work(tx: Tx) -> int:
        return await add_site(tx, new, "cli")

    in_transaction(work)
    click.echo(f"Site {code} was added.")


@click.group()
def staff() -> None:
    """Nurses, coordinators, investigators."""


@staff.command("add")
@click.option("--site", "site_code", required=True)
@click.option(
    "--role",
    type=click.Choice(["nurse", "coordinator", "investigator", "monitor", "administrator"]),
    required=True,
)
@click.option("--name", required=True)
@click.option("--email", required=True, help="Where alerts go: subject id, tier and link only.")
@click.option("--language", type=LANGUAGE, default="zh_Hans_CN", show_default=True)
def staff_add(site_code: str, role: str, name: str, email: str, language: str) -> None:
    """Add a staff member of a site, last in its on-call order."""
    from bot.commands.session import in_transaction
    from bot.services.enrolment import NewStaff, add_staff

    if not re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+", email):
        raise click.BadParameter(f"{email!r} is not an e-mail address", param_hint="--email")
    new = NewStaff(site_code, role, name, email, language)

    async def work(tx: Tx) -> int:
        return await add_staff(tx, new, "cli")

    click.echo(f"Staff member {in_transaction(work)} was added.")


@staff.command("password")
@click.argument("email")
@click.option(
    "--forget-second-factor", is_flag=True, help="The telephone with the codes is lost: another is set up."
)
def staff_password(email: str, forget_second_factor: bool) -> None:
    """Print an activation code with which the staff member of EMAIL chooses a password: single use, 24 hours."""
    from bot.commands.session import in_transaction
    from bot.services import signing_in

    async def work(tx: Tx) -> dict[str, Any]:
        staff_id = await signing_in.staff_of_email(tx, email)
        code = await signing_in.new_activation(
            tx, staff_id, email, "cli", forget_second_factor=forget_second_factor
        )
        return {"activation_code": code, "page": f"{tx.ctx.addresses.public_url}/console/activate"}

    show(in_transaction(work), "text")


@click.command()
@click.option("--study", "study_id", required=True)
@click.option("--site", "site_code", required=True)
@click.option("--arm", required=True)
@click.option("--start", type=DAY, required=True, help="Local date of day 1 of cycle 1.")
@click.option("--time", "dose_time", type=CLOCK, required=True, help="Local dose time, 08:00.")
@click.option("--name", required=True, help="Kept encrypted.")
@click.option("--phone", required=True, help="Kept encrypted; its last four digits confirm the link.")
@click.option("--sex", type=click.Choice(["male", "female"]), required=True)
@click.option("--birth-year", type=int, required=True)
@click.option("--language", type=LANGUAGE, default="zh_Hans_CN", show_default=True)
@click.option("--tz", "zone", help="IANA zone.  [default: the site's]")
@click.option("--format", "output", type=FORMAT, default="text", show_default=True)
def enrol(
    study_id: str,
    site_code: str,
    arm: str,
    start: datetime,
    dose_time: datetime,
    name: str,
    phone: str,
    sex: str,
    birth_year: int,
    language: str,
    zone: str | None,
    output: str,
) -> None:
    """Enrol a participant, and print the invitation for the phone."""
    from bot.commands.session import in_transaction
    from bot.services.author import Author
    from bot.services.enrolment import NewParticipant
    from bot.services.enrolment import enrol as enrol_one

    new = NewParticipant(
        study_id,
        site_code,
        arm,
        start.date(),
        dose_time.time(),
        name,
        phone,
        sex,
        birth_year,
        language,
        checked_zone(zone) if zone else None,
    )

    async def work(tx: Tx) -> dict[str, Any]:
        done = await enrol_one(tx, new, Author("cli", "staff"))
        return {"subject_id": done.subject_id, **invitation(tx, done.invited)}

    show(in_transaction(work, telegram=True), output)


@click.command()
@click.argument("subject")
@click.option("--for", "relation", type=click.Choice(["self", "family"]), help="Whom it is for, when known.")
@click.option(
    "--lost", is_flag=True, help="The old phone is lost: cut it off now, before a new one is linked."
)
@click.option("--format", "output", type=FORMAT, default="text", show_default=True)
def invite(subject: str, relation: str | None, lost: bool, output: str) -> None:
    """Print a fresh invitation for SUBJECT; earlier unused ones stop working.

    Linking another phone on the same channel (page or Telegram) cuts the older one off.
    """
    from bot.commands.session import in_transaction
    from bot.services import linking
    from bot.services.enrolment import by_subject
    from bot.services.locking import lock_participant

    async def work(tx: Tx) -> dict[str, Any]:
        participant_id = await by_subject(tx, subject)
        await lock_participant(tx, participant_id)
        if lost:
            await linking.lost(tx, participant_id, "cli", relation)
        invited = await linking.invite(tx, participant_id, "cli", relation)
        return {"subject_id": subject, **invitation(tx, invited)}

    show(in_transaction(work, telegram=True), output)


def invitation(tx: Tx, invited: Invited) -> dict[str, Any]:
    """The code and its two doors. It opens once, within its time, and only with the phone's last four digits."""
    addresses = tx.ctx.addresses
    return {
        "invitation": invited.code,
        "telegram_link": f"https://t.me/{addresses.bot_name}?start={invited.code}"
        if addresses.bot_name
        else None,
        "web_link": f"{addresses.public_url}/i/{invited.code}",
        "expires_at": invited.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def show(rows: dict[str, Any], output: str) -> None:
    if output == "json":
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for name, value in rows.items():
        click.echo(f"{name + ':':15} {value if value is not None else '-'}")


def checked_zone(zone: str) -> str:
    from schedules.localtime import zone_exists

    if not zone_exists(zone):
        raise click.BadParameter(
            f"{zone!r} is not an IANA time zone such as Asia/Shanghai", param_hint="--tz"
        )
    return zone
