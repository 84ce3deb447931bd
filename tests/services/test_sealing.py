"""Personal data under keys: bound to its row, unreadable with another key, gone with its key, and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from bot.db.doses import DoseReport
from bot.db.embedded import EmbeddedPostgres
from bot.db.keyring import Keyring
from bot.db.people import Contact, Participant
from bot.db.privacy import DataKey, Sealed
from bot.errors import Misconfigured
from bot.services import deployment, rewrapping, sealing
from bot.services.auditing import at_commit
from bot.services.context import Ctx
from bot.setting_forms import asyncpg_url
from tests.services.conftest import ADDRESSES, NAMES, PHONES, SHANGHAI, WORDS, House
from tests.support.house import KEYS, Town, new_ctx

DAY = timedelta(days=1)


async def test_a_ciphertext_moved_to_another_row_does_not_open(house: House, owner_url: str) -> None:
    async with house.ctx.begin() as tx:
        found = await tx.first(select(Participant.name_sealed, Participant.phone_sealed).limit(1))
    assert found is not None
    name, phone = found.name_sealed, found.phone_sealed
    engine = create_async_engine(asyncpg_url(owner_url))
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE sealed DISABLE TRIGGER only_states"))
        swap = "UPDATE sealed SET ciphertext = (SELECT ciphertext FROM sealed WHERE sealed_id = :b)"
        await connection.execute(text(f"{swap} WHERE sealed_id = :a"), {"a": name, "b": phone})
    await engine.dispose()
    with pytest.raises(InvalidTag):
        async with house.ctx.begin() as tx:
            await sealing.unseal_text(tx, name)


async def test_another_kind_does_not_open_either(house: House, owner_url: str) -> None:
    async with house.ctx.begin() as tx:
        name = await tx.scalar(select(Participant.name_sealed).limit(1))
    engine = create_async_engine(asyncpg_url(owner_url))
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE sealed DISABLE TRIGGER only_states"))
        await connection.execute(text("UPDATE sealed SET kind = 'note' WHERE sealed_id = :a"), {"a": name})
    await engine.dispose()
    with pytest.raises(InvalidTag):
        async with house.ctx.begin() as tx:
            await sealing.unseal_text(tx, name)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"masters": {"master-1": b"x" * 32}}, "'master-1' is not the key"),
        ({"masters": {"master-2": b"m" * 32}}, "'master-1', which this database needs, is missing"),
        ({"lookup": b"x" * 32}, "the lookup or seal key"),
        ({"sealing": b"x" * 32}, "the lookup or seal key"),
    ],
)
async def test_a_wrong_key_is_one_clear_line_at_the_start(
    town: Town, keys: dict[str, object], said: str
) -> None:
    ctx = town.ctx
    other = Keyring(**(KEYS | keys))  # type: ignore[arg-type]  # a table of keyword arguments of two types
    wrong = Ctx(ctx.database, other, ctx.wording, ctx.book, ctx.addresses, at_commit)
    async with ctx.begin() as tx:
        now = tx.now
    with pytest.raises(Misconfigured, match="SUIYAO_KEYS") as refusal:
        await deployment.check(wrong, now, 60)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


async def test_a_new_master_key_opens_what_the_old_one_sealed(house: House) -> None:
    turned = Keyring({"master-2": b"n" * 32, **KEYS["masters"]}, KEYS["lookup"], KEYS["sealing"])  # type: ignore[dict-item,arg-type]  # one table of two types
    ctx = house.ctx
    later = Ctx(ctx.database, turned, ctx.wording, ctx.book, ctx.addresses, at_commit)
    async with later.begin() as tx:
        name = await tx.scalar(select(Participant.name_sealed).order_by(Participant.participant_id).limit(1))
        assert await sealing.unseal_text(tx, name) == NAMES[0]
        key = await sealing.new_key(tx, "participant")
        wrapped = await tx.scalar(select(DataKey.wrapped).where(DataKey.key_id == key))
        assert wrapped.startswith(b"master-2\0")


async def test_a_destroyed_key_takes_identity_and_words_and_leaves_every_count(lived: House) -> None:
    pid = lived.people[0].participant_id
    async with lived.ctx.begin() as tx:
        person = (await tx.execute(select(Participant).where(Participant.participant_id == pid))).one()
        reports = select(func.count()).select_from(DoseReport).where(DoseReport.participant_id == pid)
        before = await tx.scalar(reports)
        await sealing.destroy_key(tx, person.key_id)
    async with new_ctx(lived.ctx.database).begin() as tx:
        assert await sealing.unseal_text(tx, person.name_sealed) == ""
        assert await sealing.unseal_text(tx, person.phone_sealed) == ""
        notes = await tx.all(select(DoseReport.note_sealed).where(DoseReport.participant_id == pid))
        assert {await sealing.unseal_text(tx, row.note_sealed) for row in notes} == {""}
        assert await tx.scalar(reports) == before > 0


async def test_strangers_are_forgotten_after_a_week(town: Town, house: House) -> None:
    stage = house.stage
    await stage.say(stage.phone("stranger-9"), WORDS[1])
    async with town.ctx.begin() as tx:
        key = await tx.scalar(select(Contact.key_id).where(Contact.state == "stranger"))
        sealed = select(func.count()).select_from(Sealed).where(Sealed.key_id == key)
        assert await tx.scalar(sealed) > 0
    await stage.jump_to(datetime(2026, 11, 2, 7, 50, tzinfo=SHANGHAI) + 6 * DAY)
    async with town.ctx.begin() as tx:
        assert await sealing.forget_strangers(tx) == 0
    await stage.jump_to(datetime(2026, 11, 2, 7, 50, tzinfo=SHANGHAI) + 8 * DAY)
    async with town.ctx.begin() as tx:
        assert await sealing.forget_strangers(tx) == 1
        assert await tx.scalar(sealed) == 0
        assert await tx.scalar(select(DataKey.wrapped).where(DataKey.key_id == key)) is None
        # Who was introduced meanwhile has a key of his own, and is still there.
        names = await tx.all(select(Participant.name_sealed).order_by(Participant.participant_id))
        assert [await sealing.unseal_text(tx, row.name_sealed) for row in names] == list(NAMES)
    await stage.say(stage.phone("stranger-9"), WORDS[1])  # and may come again


async def test_somebody_who_was_erased_is_a_stranger_and_stops_nobody(house: House) -> None:
    first, second = house.people
    async with house.ctx.begin() as tx:
        await sealing.destroy_key(
            tx,
            await tx.scalar(
                select(Participant.key_id).where(Participant.participant_id == first.participant_id)
            ),
        )
    await house.stage.move_to(datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI))  # a reminder for each was planned
    assert "查看" in second.phone.gone
    await house.stage.say(first.phone, "你好")
    assert house.stage.shown[-1].text.startswith("您好。要用这里，请先打开护士给您的邀请链接")


async def test_a_dump_of_the_database_tells_nobodys_name(
    lived: House, postgres: EmbeddedPostgres, database_name: str
) -> None:
    dump = "\n".join(
        postgres.sql(f"SELECT t::text FROM {table} AS t", database_name)
        for table in postgres.sql(TABLES, database_name).split(",")
    )
    assert "participant:1" in dump  # the dump is one
    secret = [*NAMES, *PHONES, *ADDRESSES, *WORDS, "stranger-1", "王护士", "孙护士", "other@example.org"]
    assert [one for one in secret if one in dump] == []
    as_bytes = [one.encode().hex() for one in (*NAMES, *PHONES, *ADDRESSES, *WORDS)]
    assert [one for one in as_bytes if one in dump] == []


TABLES = "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'"


async def test_logs_tell_no_words(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="bot"):
        person = house.people[0]
        await house.stage.say(person.phone, WORDS[0])
        await house.stage.say(person.phone, f"{WORDS[0]}，胸口疼")
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "inbox_accepted" in logged
    assert [one for one in (*WORDS, *NAMES, *PHONES, *ADDRESSES) if one in logged] == []


async def test_after_a_new_master_the_old_one_may_go(house: House) -> None:
    """Everything opens under the new master alone, a destroyed key stays destroyed, and doing it again does nothing."""
    async with house.ctx.begin() as tx:
        gone = (await tx.all(select(DataKey.key_id).where(DataKey.scope == "strangers").limit(1)))[:1]
        for row in gone:
            await tx.execute(update(DataKey).where(DataKey.key_id == row.key_id).values(wrapped=None))
    masters = {"master-2": b"n" * 32, "master-1": b"m" * 32}
    both = _with(house.ctx, masters)
    assert await rewrapping.rewrap(both, "test") >= 4
    assert await rewrapping.rewrap(both, "test") == 0
    alone = _with(house.ctx, {"master-2": b"n" * 32})
    async with alone.begin() as tx:
        await deployment.check(alone, tx.now, 60)
        sealed = (
            await tx.execute(select(Participant.name_sealed).order_by(Participant.participant_id))
        ).scalars()
        assert [await sealing.unseal_text(tx, one) for one in sealed] == list(NAMES)
        for row in gone:
            assert await tx.scalar(select(DataKey.wrapped).where(DataKey.key_id == row.key_id)) is None
    with pytest.raises(Misconfigured, match="'master-2', which this database needs, is missing"):
        async with house.ctx.begin() as tx:
            await deployment.check(_with(house.ctx, {"master-1": b"m" * 32}), tx.now, 60)


def _with(ctx: Ctx, masters: dict[str, bytes]) -> Ctx:
    ring = Keyring(**(KEYS | {"masters": masters}))  # type: ignore[arg-type]  # a table of keyword arguments of two types
    return Ctx(ctx.database, ring, ctx.wording, ctx.book, ctx.addresses, at_commit)
