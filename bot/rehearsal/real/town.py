"""A site, its nurses and participants whose phones are linked already, for real processes to serve.

Their clock stands at noon or thereabouts wherever they run: quiet hours would otherwise keep every process silent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.app.sources import shipped
from bot.channels.email import ACCOUNT as MAIL_ACCOUNT
from bot.channels.telegram_updates import account_of
from bot.db.database import Database
from bot.db.keyring import Keyring
from bot.dialogue.notes import ConsentDecided
from bot.rehearsal.bot_api.server import TOKEN
from bot.rehearsal.real.serving import KEYS
from bot.services import book, deployment, linking, meeting, people, wishes
from bot.services.auditing import at_commit
from bot.services.author import Author
from bot.services.context import Addresses, Ctx, Tx
from bot.services.enrolment import NewParticipant, NewSite, NewStaff, add_site, add_staff, enrol
from bot.setting_forms import asyncpg_url
from bot.wording import LOCALES, load_wording

BOT = account_of(TOKEN)
MAIL_FROM = "suiyao@hospital.example"
NAME, PHONE = "李桂兰", "13900001234"
STUDY, SITE = "nct04217967", "TST"
# Whom each site calls, one after the other.
SITES = {
    SITE: ("nurse@hospital.example", "colleague@hospital.example"),
    "TSU": ("nurse.two@hospital.example", "colleague.two@hospital.example"),
}
EACH_MINUTES = 5
STAFF = Author("staff:0", "staff")


@dataclass(frozen=True, slots=True)
class Person:
    """A participant and the chat that is linked to him."""

    participant_id: int
    subject_id: str
    chat: int


@asynccontextmanager
async def town(
    database_url: str, mark: str = "demo", virtual_now: datetime | None = None, sites: Sequence[str] = (SITE,)
) -> AsyncIterator[Ctx]:
    """Services on a prepared database with two nurses at each site, as a process of its own would have them."""
    database = Database(asyncpg_url(database_url))
    try:
        addresses = Addresses("http://127.0.0.1:8080", "suiyao_test_bot", MAIL_ACCOUNT)
        ctx = Ctx(database, keyring(), load_wording(LOCALES), book.Book(), addresses, at_commit)
        await deployment.prepare(ctx, mark, virtual_now)
        await book.publish(ctx, [source for _, source in shipped()], "rehearsal")
        async with ctx.begin() as tx:
            for site in sites:
                new = NewSite(site, "协作医院", "Asia/Shanghai", "zh_Hans_CN", "010-12345678", "full")
                await add_site(tx, replace(new, escalate_minutes=EACH_MINUTES), "rehearsal")
                for mail in SITES[site]:
                    await add_staff(tx, NewStaff(site, "nurse", "王护士", mail, "zh_Hans_CN"), "rehearsal")
        yield ctx
    finally:
        await database.close()


def keyring() -> Keyring:
    """The very keys that the processes get (`serving.keys`): what they sealed can be read."""
    return Keyring({"master-1": KEYS["master-1"]}, KEYS["lookup"], KEYS["seal"])


def zone_at_noon(now: datetime) -> str:
    """A zone in which it is between twelve and one."""
    ahead = 12 - now.astimezone(ZoneInfo("UTC")).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def newcomer(zone: str, start: date, at: time, arm: str = "combination", site: str = SITE) -> NewParticipant:
    return NewParticipant(
        STUDY, site, arm, start, at, NAME, PHONE, "female", start.year - 70, "zh_Hans_CN", zone
    )


async def linked(tx: Tx, chat: int, new: NewParticipant, account: str = BOT) -> Person:
    """Enrol somebody, bind the chat, and give both consents, as the welcome would have."""
    done = await enrol(tx, new, STAFF)
    contact_id = (await meeting.meet(tx, "telegram", account, str(chat))).contact_id
    await linking.bind(tx, await people.by_contact(tx, contact_id), done.participant_id, "self")
    who = await people.by_contact(tx, contact_id)
    for matter in ("health_data", "telegram_abroad"):
        await wishes.consent(tx, who, ConsentDecided(matter, True, (f"welcome.{matter}",)), None)
    return Person(done.participant_id, done.subject_id, chat)
