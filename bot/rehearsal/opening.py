"""A town made ready: an empty database marked as a rehearsal, two sites with their staff, and everything wired together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from random import Random

from sqlalchemy import select

from bot.app.sources import shipped
from bot.db.database import Database
from bot.db.keyring import Keyring
from bot.db.sites import StaffMember
from bot.rehearsal import rates
from bot.rehearsal.backup import Backup, Vault
from bot.rehearsal.breaking import Breaking
from bot.rehearsal.clock import clock
from bot.rehearsal.desk import Desk
from bot.rehearsal.faults import Faults
from bot.rehearsal.house import ACCOUNT, MAIL, House
from bot.rehearsal.life import Life
from bot.rehearsal.mishaps import Mishaps
from bot.rehearsal.people import Hands
from bot.rehearsal.setting import Setting
from bot.rehearsal.staff import Office
from bot.rehearsal.town import NOTICE, SITES, Act, Town
from bot.rehearsal.wire import Wire
from bot.services import book, deployment, people
from bot.services.auditing import at_commit
from bot.services.context import Addresses, Ctx, Tx
from bot.services.enrolment import NewSite, NewStaff, add_site, add_staff
from bot.wording import Wording

ROLES = ("nurse", "coordinator", "investigator")
CHATS = (("REA", "nurse"), ("REB", "investigator"))  # who is reached by the messenger as well


@asynccontextmanager
async def opened(
    url: str, setting: Setting, keyring: Keyring, wording: Wording, vault: Vault | None = None
) -> AsyncIterator[Town]:
    """A town on an empty, migrated database at `url` (asyncpg), marked as a rehearsal. Only with `vault` it is restored."""
    sound = Database(url)
    faults = Faults(setting.faults, Random(f"{setting.seed}:faults"), lambda: setting.start)  # noqa: S311 - as above
    breaking = Breaking(url, faults)
    try:
        addresses = Addresses("http://127.0.0.1:8080", "suiyao_rehearsal_bot", MAIL)
        ctx = Ctx(sound, keyring, wording, book.Book(), addresses, at_commit)
        await deployment.prepare(ctx, "rehearsal", setting.start)
        await book.publish(ctx, [source for _, source in shipped()], "rehearsal")
        wire = Wire(faults, lambda *_: None, lambda *_: None)
        time = await clock(sound)
        house = House(
            replace(ctx, database=breaking), ctx, time, wire, faults, setting.start, lambda *_: None
        )
        try:
            town = await _furnished(setting, house)
            if vault is not None and "restore" in setting.faults:
                Backup(town, vault, Random(f"{setting.seed}:restore")).plan()  # noqa: S311 - as above
            yield town
        finally:
            await house.clock.close()
    finally:
        await breaking.close()
        await sound.close()


async def _furnished(setting: Setting, house: House) -> Town:
    hands = Hands(house)
    known = rates.load()
    town: Town

    def at(when: datetime, act: Act) -> None:
        town.at(when, act)

    office = Office(house.sound, known, Random(f"{setting.seed}:office"), at, lambda: house.now)  # noqa: S311 - as above
    life = Life(office, hands, known, at, str(setting.seed))
    town = Town(setting, house, hands, office, life, Desk(house.sound, house.wire))
    house.faults.now = lambda: house.now
    house.faults.rival = house.rival
    house.acknowledged = hands.acknowledged
    house.wire.seen, house.wire.lost = town.seen, hands.lost
    house.wire.letter = office.read
    hands.happened, hands.at = town.happened, town.at
    for code in (*SITES, NOTICE):
        async with house.sound.begin() as tx:
            mode = "notice" if code == NOTICE else "full"
            town.desk.sites[code] = await add_site(
                tx, NewSite(code, "协作医院", setting.zone, "zh_Hans_CN", "010-12345678", mode), "rehearsal"
            )
            for role in ROLES:
                mail = f"{role}.{code.lower()}@rehearsal.example"
                staff_id = await add_staff(tx, NewStaff(code, role, role, mail, "zh_Hans_CN"), "rehearsal")
                office.members[mail] = (staff_id, role)
                office.works[mail] = frozenset({code})
                if (code, role) in CHATS:
                    chat = await _chat(tx, staff_id)
                    house.wire.of_staff.add(chat)
                    office.members[chat] = (staff_id, role)
                    office.works[chat] = frozenset({code})
    town.plan_arrivals()
    Mishaps(town).plan()
    return town


async def _chat(tx: Tx, staff_id: int) -> str:
    """A chat of his own, as his code would have linked it."""
    chat = f"8{staff_id:03}"
    key_id = await tx.scalar(select(StaffMember.key_id).where(StaffMember.staff_id == staff_id))
    await people.add_contact(tx, "telegram", ACCOUNT, chat, key_id, staff_id)
    return chat
