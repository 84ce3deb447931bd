"""What the daily seals show that the links of a chain do not: whoever owns the database can make links, but no seal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.db.audit import AuditEntry, AuditHead, Seal
from bot.services import deployment, seal_form
from bot.services.auditing import GENESIS, link, note_down, of_participant
from bot.services.context import Ctx
from bot.services.sealing_day import seal_yesterday, verify_all
from bot.setting_forms import asyncpg_url
from tests.services.conftest import House
from tests.support.house import keyring
from tests.support.snapshots import once

CHAIN = "participant:1"
NOONS = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in (2, 3, 4)]
Entries = list[dict[str, Any]]


@pytest.fixture
async def sealed(house: House) -> Ctx:
    """Two people's first days, with a seal at the beginning of each: 1 to 4 November. Now it is the 4th."""
    await once(house.ctx, "two people's first days, sealed", lambda: _sealed_days(house))
    assert await verify_all(house.ctx) == []
    return house.ctx


async def _sealed_days(house: House) -> None:
    assert await seal_yesterday(house.ctx)
    assert not await seal_yesterday(house.ctx)
    for noon in NOONS:
        await house.stage.set_clock(noon)
        assert await seal_yesterday(house.ctx)
        await house.stage.set_clock(noon + timedelta(hours=2))
        async with house.ctx.begin() as tx:
            for person in house.people:
                of_participant(tx, person.participant_id, "staff:1", "read_page")


async def as_owner(owner_url: str, work: Callable[[AsyncConnection], Any]) -> Any:
    """With every trigger out of the way."""
    engine = create_async_engine(asyncpg_url(owner_url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET session_replication_role = replica"))
            return await work(connection)
    finally:
        await engine.dispose()


async def rewrite(owner_url: str, change: Callable[[Entries], object], chain: str = CHAIN) -> None:
    """The whole chain with its head, numbered and linked as the product does it."""

    async def work(connection: AsyncConnection) -> None:
        query = select(AuditEntry).where(AuditEntry.chain == chain).order_by(AuditEntry.seq)
        entries: Entries = [row._asdict() for row in (await connection.execute(query)).all()]
        change(entries)
        last = GENESIS
        for seq, entry in enumerate(entries, 1):
            told = {key: entry[key] for key in ("at", "actor", "action", "detail")}
            last = link(last, chain, seq, **told)
            entry |= {"chain": chain, "seq": seq, "hash": last}
        for table in (AuditEntry, AuditHead):
            await connection.execute(delete(table).where(table.chain == chain))
        await connection.execute(insert(AuditEntry), entries)
        await connection.execute(insert(AuditHead).values(chain=chain, seq=len(entries), hash=last))

    await as_owner(owner_url, work)


async def seals(owner_url: str, statement: Any) -> None:
    await as_owner(owner_url, lambda connection: connection.execute(statement))


def _extra(at: datetime) -> dict[str, Any]:
    return {"at": at, "actor": "staff:1", "action": "read_page", "detail": {}}


def _cut(entries: Entries) -> None:
    del entries[2:]


CHANGES: dict[str, tuple[Callable[[Entries], object], str]] = {
    "another actor": (
        lambda entries: entries[1].update(actor="staff:9"),
        "not those that were sealed on 2026-11-01",
    ),
    "another last entry": (
        lambda entries: [entry for entry in entries if entry["at"] < NOONS[2]][-1].update(detail={"dose": 9}),
        "not those that were sealed on 2026-11-04",
    ),
    "one was removed": (lambda entries: entries.pop(1), "not those that were sealed on 2026-11-01"),
    "the end was cut off": (_cut, "is missing, with which it was sealed on 2026-11-01"),
    "one was put between": (
        lambda entries: entries.insert(3, _extra(entries[3]["at"])),
        "not those that were sealed on 2026-11-01",
    ),
    "one was put behind, of a sealed day": (
        lambda entries: entries.append(_extra(NOONS[0])),
        "is dated 2026-11-02T12:00:00Z, and was not there when 2026-11-04 was sealed",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_chain_rewritten_with_its_head(sealed: Ctx, owner_url: str, name: str) -> None:
    change, said = CHANGES[name]
    await rewrite(owner_url, change)
    [fault] = await verify_all(sealed)
    assert fault.startswith(f"{CHAIN}: ") and said in fault


async def test_a_chain_rewritten_as_it_was_holds(sealed: Ctx, owner_url: str) -> None:
    """What the others find is what they changed, not that something was written."""
    await rewrite(owner_url, lambda entries: None)
    assert await verify_all(sealed) == []


async def test_what_came_after_the_last_seal_is_held_by_its_links_only(sealed: Ctx, owner_url: str) -> None:
    await rewrite(owner_url, lambda entries: entries[-1].update(actor="staff:9"))
    assert await verify_all(sealed) == []


async def test_a_chain_that_was_never_there(sealed: Ctx, owner_url: str) -> None:
    await rewrite(owner_url, lambda entries: entries.append(_extra(NOONS[1])), chain="staff:77")
    [fault] = await verify_all(sealed)
    assert fault.startswith("staff:77: entry 1 is dated 2026-11-03")


async def test_a_rewritten_head(sealed: Ctx, owner_url: str) -> None:
    await seals(owner_url, update(AuditHead).where(AuditHead.chain == CHAIN).values(hash=GENESIS))
    assert await verify_all(sealed) == [f"{CHAIN}: its end does not match its head"]


async def test_a_head_that_is_gone(sealed: Ctx, owner_url: str) -> None:
    await seals(owner_url, delete(AuditHead).where(AuditHead.chain == CHAIN))
    assert await verify_all(sealed) == [f"{CHAIN}: its end does not match its head"]


OF_THE_3RD = Seal.day == NOONS[1].date()
SEALS: dict[str, dict[str, Any]] = {
    "its signature": {"signature": b"forged"},
    "its digest": {"digest": b"\0" * 32},
    "what it covers": {"digest": select(Seal.digest).where(Seal.day == NOONS[0].date()).scalar_subquery()},
    "its number of entries": {"entries": 1},
    "its number of chains": {"chains": 1},
    "its instant": {"sealed_at": NOONS[1] + timedelta(hours=3)},
}


@pytest.mark.parametrize("name", SEALS)
async def test_a_changed_seal(sealed: Ctx, owner_url: str, name: str) -> None:
    await seals(owner_url, update(Seal).where(OF_THE_3RD).values(SEALS[name]))
    assert await verify_all(sealed) == ["seal of 2026-11-03: its signature does not fit"]


async def test_a_seal_in_the_place_of_another(sealed: Ctx, owner_url: str) -> None:
    await seals(owner_url, delete(Seal).where(OF_THE_3RD))
    await seals(owner_url, update(Seal).where(Seal.day == NOONS[0].date()).values(day=NOONS[1].date()))
    faults = await verify_all(sealed)
    assert "seal of 2026-11-03: its signature does not fit" in faults
    assert any(fault.startswith("seal of 2026-11-02: there is none") for fault in faults)


@pytest.mark.parametrize("day", [1, 2, 3])
async def test_a_seal_that_is_gone(sealed: Ctx, owner_url: str, day: int) -> None:
    gone = datetime(2026, 11, day, tzinfo=UTC).date()
    await seals(owner_url, delete(Seal).where(Seal.day == gone))
    assert await verify_all(sealed) == [
        f"seal of {gone}: it is gone; that of 2026-11-0{day + 1} was made after it"
    ]


async def test_today_need_not_be_sealed_yet(sealed: Ctx, owner_url: str) -> None:
    await seals(owner_url, delete(Seal).where(Seal.day == NOONS[2].date()))
    assert await verify_all(sealed) == []


async def test_all_seals_are_gone(sealed: Ctx, owner_url: str) -> None:
    await seals(owner_url, delete(Seal))
    faults = await verify_all(sealed)
    assert [fault[:38] for fault in faults] == [
        f"seal of 2026-11-0{day}: there is none, and" for day in (1, 2, 3)
    ]


async def test_a_seal_made_anew_over_a_rewritten_chain_leaves_a_day_without(
    sealed: Ctx, owner_url: str
) -> None:
    """The house itself seals what it finds; but it does not seal the days that have passed."""
    await seals(owner_url, delete(Seal).where(Seal.day >= NOONS[1].date()))
    await rewrite(owner_url, lambda entries: entries[-2].update(actor="staff:9"))
    assert await seal_yesterday(sealed)
    faults = await verify_all(sealed)
    assert [fault.partition(":")[0] for fault in faults] == ["seal of 2026-11-03"]


async def test_what_was_begun_before_a_seal_may_be_committed_after_it(sealed: Ctx) -> None:
    midnight = NOONS[2] + timedelta(hours=12)
    await deployment.set_virtual_now(sealed, midnight)
    async with sealed.begin() as tx:
        note_down(tx, CHAIN, "system", "slow")
        await deployment.set_virtual_now(sealed, midnight + timedelta(minutes=1))
        assert await seal_yesterday(sealed)
    assert await verify_all(sealed) == []
    await deployment.set_virtual_now(sealed, midnight + timedelta(days=1))
    assert await seal_yesterday(sealed)
    assert await verify_all(sealed) == []


async def _on_an_unsealed_day(ctx: Ctx, actor: str, **detail: str) -> None:
    await deployment.set_virtual_now(ctx, NOONS[2] + timedelta(days=1))
    async with ctx.begin() as tx:
        note_down(tx, "system", actor, "restored" if detail else "site_changed", **detail)
    await deployment.set_virtual_now(ctx, NOONS[2] + timedelta(days=2))


async def test_a_command_on_a_day_without_the_house(sealed: Ctx) -> None:
    await _on_an_unsealed_day(sealed, "cli")
    assert await verify_all(sealed) == []


async def test_somebody_else_on_a_day_without_a_seal(sealed: Ctx) -> None:
    await _on_an_unsealed_day(sealed, "staff:1")
    assert await verify_all(sealed) == ["seal of 2026-11-05: there is none, and 1 entries are of that day"]
    assert await seal_yesterday(sealed)
    assert await verify_all(sealed) == ["seal of 2026-11-05: there is none, and 1 entries are of that day"]


async def test_the_last_day_of_a_backup_need_not_be_sealed(sealed: Ctx) -> None:
    await _on_an_unsealed_day(sealed, "staff:1", since="2026-11-05T00:02:00+00:00")
    assert await verify_all(sealed) == []


async def _bare(owner_url: str, day: datetime) -> None:
    digest = seal_form.digest_of({})
    values = {"digest": digest, "signature": keyring().sign(digest)}
    await seals(owner_url, update(Seal).where(Seal.day == day.date()).values(values))


async def test_seals_of_before_lengths_were_kept_come_first(sealed: Ctx, owner_url: str) -> None:
    await _bare(owner_url, NOONS[0] - timedelta(days=1))
    assert await verify_all(sealed) == []
    await _bare(owner_url, NOONS[1])
    assert await verify_all(sealed) == ["seal of 2026-11-03: it has the form of those before 2026-11-02"]
