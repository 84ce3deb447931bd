"""No row of one site is seen by another, and each site sees its own: every table, asked as each site would ask.

Whose a row is follows from the tables themselves: from their own columns and from what they refer to, not from the walls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import FromClause, Select, Table, func, select, text, union

from bot.db import tables
from bot.db.audit import AuditEntry, AuditHead
from bot.db.people import CareLink, Correspondent, Participant
from bot.db.privacy import DataKey, Sealed
from bot.db.sites import Site, StaffSite
from bot.rehearsal.evidence import Evidence, Findings, Violation, all_of
from bot.rehearsal.promises import letters_at_home
from bot.services.context import Tx

TABLES: Mapping[str, Table] = tables.metadata.tables
# Who works where is seen by everybody who works here.
SEEN_BY_ALL = {StaffSite.__tablename__}
# Whose these are is told by other rows. Table -> (which rows, by which column), of the same name in both.
BY_OTHERS = {
    Correspondent.__tablename__: ((CareLink.__tablename__, "correspondent_id"),),
    DataKey.__tablename__: ((Participant.__tablename__, "key_id"), (Correspondent.__tablename__, "key_id")),
    Sealed.__tablename__: ((DataKey.__tablename__, "key_id"),),
}
CHAINS = {AuditEntry.__tablename__, AuditHead.__tablename__}
SHOWN = 3  # rows in the words of a violation

Sum = tuple[int, int | None]  # how many rows, and their keys in one number
NOTHING: Sum = (0, None)


async def count(evidence: Evidence) -> Findings:
    return all_of(await _walls(evidence), await letters_at_home.count(evidence))


async def _walls(evidence: Evidence) -> Findings:
    found = Findings()
    owned = {name: rows for name in sorted(TABLES) if (rows := of_sites(TABLES[name])) is not None}
    async with evidence.ctx.begin() as tx:
        sites = list((await tx.execute(select(Site.site_id).order_by(Site.site_id))).scalars())
        walled = set((await tx.execute(_WALLED)).scalars())
        own = {name: await _own(tx, name, rows) for name, rows in owned.items()}
    for name in sorted((walled ^ set(owned)) - SEEN_BY_ALL):
        what = "has a wall, and no way to a site" if name in walled else "leads to a site, and has no wall"
        found.violations.append(Violation(5, what, f"table {name}"))
    for site in [*sites, None]:
        scope = frozenset() if site is None else frozenset({site})
        async with evidence.ctx.begin_for(scope) as tx:
            seen = {name: await _seen(tx, name) for name in own if name not in SEEN_BY_ALL}
        for name, mine in seen.items():
            found.checked += 1
            expected = own[name].get(site, NOTHING)
            if mine != expected:
                where = f"site {site} table {name}: {await _examples(evidence, name, owned[name], site)}"
                found.violations.append(
                    Violation(5, f"sees {mine[0]} rows, and {expected[0]} are its own", where)
                )
    return found


def of_sites(table: Table) -> Select[Any] | None:
    """Its rows, each beside the `site` that it belongs to; None for a table that tells of no site and of nobody."""
    if table.name in BY_OTHERS:
        ways = [_through(table, TABLES[other], name, name) for other, name in BY_OTHERS[table.name]]
        both = union(*(way for way in ways if way is not None)).subquery()
        return select(both)
    if "site_id" in table.c:
        return select(table, table.c.site_id.label("site"))
    if table.name in CHAINS:
        person = TABLES[Participant.__tablename__]
        chain = func.concat("participant:", person.c.participant_id)
        return select(table, person.c.site_id.label("site")).join_from(table, person, table.c.chain == chain)
    if "participant_id" in table.c:
        return _through(table, TABLES[Participant.__tablename__], "participant_id", "participant_id")
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
        parent = key.column.table
        if parent.name != DataKey.__tablename__:  # it seals something, whosesoever that is
            way = _through(table, parent, key.parent.name, key.column.name)
            if way is not None:
                return way
    return None


def _through(table: Table, other: Table, name: str, of_other: str) -> Select[Any] | None:
    rows = of_sites(other)
    if rows is None:
        return None
    beside = rows.subquery()
    return select(table, beside.c.site).join_from(table, beside, beside.c[of_other] == table.c[name])


async def _own(tx: Tx, name: str, rows: Select[Any]) -> dict[int | None, Sum]:
    """By site, as these rows themselves say."""
    each = _keys(name, rows.subquery(), "site").distinct().subquery()
    query = select(each.c.site, *_summed(each)).group_by(each.c.site)
    return {row.site: (row.rows, row.keys) for row in await tx.all(query)}


async def _seen(tx: Tx, name: str) -> Sum:
    row = (await tx.execute(select(*_summed(_keys(name, TABLES[name]).subquery())))).one()
    return row.rows, row.keys


def _keys(name: str, rows: FromClause, *more: str) -> Select[Any]:
    """Each row's key as one word."""
    key = func.concat_ws(" ", *(rows.c[column.name] for column in TABLES[name].primary_key))
    return select(key.label("key"), *(rows.c[column] for column in more))


def _summed(each: FromClause) -> tuple[Any, Any]:
    return func.count().label("rows"), func.bit_xor(func.hashtextextended(each.c.key, 0)).label("keys")


async def _examples(evidence: Evidence, name: str, rows: Select[Any], site: int | None) -> str:
    """What is seen beyond one's own, and what is missing."""
    own = _keys(name, rows.where(rows.selected_columns.site == site).subquery())
    async with evidence.ctx.begin() as tx:
        mine = set((await tx.execute(own)).scalars()) if site is not None else set()
    async with evidence.ctx.begin_for(frozenset() if site is None else frozenset({site})) as tx:
        seen = set((await tx.execute(_keys(name, TABLES[name]))).scalars())
    return f"strange {sorted(seen - mine)[:SHOWN]}, missing {sorted(mine - seen)[:SHOWN]}"


_WALLED = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'")
