"""The outbox's statements for senders, built once: what may leave, what is under way, what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    any_,
    bindparam,
    cast,
    exists,
    insert,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from bot.db.database import with_clock
from bot.db.outbox import DeliveryAttempt, OutboundMessage
from bot.db.people import Contact
from bot.db.privacy import Sealed
from bot.services import pacing
from bot.services.outbox import Lane

# Written into the statement: an index of the queued alone serves no query that might ask for another state.
_QUEUED: ColumnElement[str] = literal_column("'queued'")
_UNDER_WAY: ColumnElement[str] = literal_column("'sending'")
_m = aliased(OutboundMessage, name="m")
_other = aliased(OutboundMessage, name="other")
_text, _address, _edited = (
    aliased(Sealed, name="t"),
    aliased(Sealed, name="a"),
    aliased(OutboundMessage, name="e"),
)
_now: BindParameter[datetime] = bindparam("now")
# OFFSET keeps it a question about each message that may leave: joined, all that wait would be compared with all that wait.
_before_it = (
    select(literal(1))
    .where(_other.contact_id == _m.contact_id, _other.state == _QUEUED)
    .where(_other.send_after <= _now, _other.expires_at > _now)
    .where(tuple_(_other.lane, _other.message_id) < tuple_(_m.lane, _m.message_id))
    .correlate(_m)
    .offset(0)
)
CLAIMABLE = (
    select(
        _m.message_id,
        _m.contact_id,
        _m.attempts,
        _m.participant_id,
        _m.pushed,
        _m.created_at,
        _text.key_id.label("text_key"),
        _text.sealed_id.label("text_id"),
        _text.ciphertext.label("text"),
        _address.key_id.label("address_key"),
        _address.sealed_id.label("address_id"),
        _address.ciphertext.label("address"),
        _edited.provider_id.label("edits"),
    )
    .join(Contact, Contact.contact_id == _m.contact_id)
    .join(_text, _text.sealed_id == _m.sealed_id)
    .join(_address, _address.sealed_id == Contact.address_sealed)
    .outerjoin(_edited, _edited.message_id == _m.edits)
    .where(
        _m.state == _QUEUED,
        _m.channel == bindparam("channel"),
        _m.account == bindparam("account"),
        _m.send_after <= _now,
        _m.expires_at > _now,
        or_(_m.lane == Lane.ALERT, Contact.held_until.is_(None), Contact.held_until <= _now),
        or_(Contact.next_send_at.is_(None), Contact.next_send_at <= _now),
        ~exists(literal(1)).where(_other.contact_id == _m.contact_id, _other.state == _UNDER_WAY),
        ~exists(_before_it),
    )
    .order_by(_m.lane, _m.message_id)
    .limit(bindparam("free"))
    .with_for_update(of=_m, skip_locked=True)
)


def _ids(key: Any, name: str) -> ColumnElement[bool]:
    listed: ColumnElement[bool] = key == any_(bindparam(name, type_=ARRAY(BigInteger)))
    return listed


_chat_free_at = bindparam("chat_free_at", type_=Contact.next_send_at.type)
_WAITING = (
    update(Contact)
    .where(_ids(Contact.contact_id, "contacts"), cast(_chat_free_at, Contact.next_send_at.type).is_not(None))
    .values(next_send_at=_chat_free_at)
    .cte("waiting")
)
MARKED = (
    update(OutboundMessage)
    .where(_ids(OutboundMessage.message_id, "messages"))
    .values(state="sending", lease_until=bindparam("lease"), attempts=OutboundMessage.attempts + 1)
    .add_cte(_WAITING, pacing.TAKEN.cte("taken"))
)
UNDER_WAY = with_clock(
    select(OutboundMessage)
    .where(OutboundMessage.message_id == bindparam("message"), OutboundMessage.state == "sending")
    .with_for_update()
)
ATTEMPTED = insert(DeliveryAttempt).values(
    message_id=bindparam("message"),
    number=bindparam("attempt"),
    started_at=bindparam("began"),
    finished_at=bindparam("now"),
    outcome=bindparam("what"),
    code=bindparam("why"),
)
SENT = (
    update(OutboundMessage)
    .where(OutboundMessage.message_id == bindparam("message"))
    .values(state="sent", provider_id=bindparam("provider_id"), settled_at=bindparam("now"))
    .add_cte(ATTEMPTED.cte("attempted"))
)
