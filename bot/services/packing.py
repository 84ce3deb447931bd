"""An inbound message as bytes to be sealed, and back."""

from __future__ import annotations

import base64
import json
from typing import Any

from sqlalchemy import Row

from bot.messages import Inbound, Kind, Media, Press


def pack(inbound: Inbound) -> bytes:
    media = inbound.media
    content = {
        "address": inbound.address,
        "text": inbound.text,
        "press": inbound.press.data if inbound.press else None,
        "media": media and [media.kind, media.media_type, _b64(media.content)],
        "message_ref": inbound.message_ref,
        "raw": _b64(inbound.raw),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack(row: Row[Any], sealed: bytes) -> Inbound:
    content = json.loads(sealed.decode("utf-8", "surrogatepass"))
    media = content["media"]
    return Inbound(
        channel=row.channel,
        account=row.account,
        address=content["address"],
        external_id=row.external_id,
        kind=Kind(row.kind),
        sent_at=row.sent_at,
        text=content["text"],
        press=Press.parse(content["press"]) if content["press"] else None,
        media=Media(media[0], _unb64(media[2]), media[1]) if media else None,
        message_ref=content["message_ref"],
        raw=_unb64(content["raw"]) or b"",
    )


def _b64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _unb64(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)
