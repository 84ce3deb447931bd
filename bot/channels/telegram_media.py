"""What a Telegram message carries besides words, and how its bytes are fetched afterwards.

A file's link contains the bot token: it lives only inside `fetch` and is never logged or kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from telegram import Bot, Message, Update
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.channels.telegram_wire import meaning
from bot.errors import NotSent, TooFast
from bot.messages import Media

MOST_BYTES = 20 * 1024 * 1024  # the Bot API hands out no larger file
UNKNOWN_TYPE = "application/octet-stream"
# What the library's parsing raises on JSON of an unexpected shape.
UNREADABLE = (
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    IndexError,
    OverflowError,
    OSError,
    RecursionError,
)

# Message field -> our kind, and the type when Telegram names none. First match wins: an animation is a
# document too.
_KINDS: dict[str, tuple[str, str]] = {
    "voice": ("voice", "audio/ogg"),
    "audio": ("voice", "audio/mpeg"),
    "photo": ("picture", "image/jpeg"),
    "sticker": ("sticker", "image/webp"),
    "animation": ("video", "video/mp4"),
    "video": ("video", "video/mp4"),
    "video_note": ("video", "video/mp4"),
    "document": ("file", UNKNOWN_TYPE),
}
_MEDIA_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9][a-z0-9.+-]{0,80}")


@dataclass(frozen=True, slots=True)
class Attachment:
    """`file_id` is empty for what has no file (a place, a contact); `size` in bytes, 0 when unknown."""

    kind: str
    media_type: str = UNKNOWN_TYPE
    file_id: str = ""
    size: int = 0


def attachment(message: Message) -> Attachment:
    """What is attached; kind "other" for anything without a file."""
    for field, (kind, usual_type) in _KINDS.items():
        found = getattr(message, field)
        if found:
            file = found[-1] if field == "photo" else found  # the last size of a photo is the largest
            declared = str(getattr(file, "mime_type", None) or usual_type).lower()
            media_type = declared if _MEDIA_TYPE.fullmatch(declared) else UNKNOWN_TYPE
            return Attachment(kind, media_type, str(file.file_id), int(file.file_size or 0))
    return Attachment("other")


async def fetch(bot: Bot, raw: bytes) -> Media:
    """The file that the update `raw` speaks of. `content` is None when it is too large or gone for good.

    Raises NotSent or TooFast when asking again later may help; asking twice does no harm.
    """
    found = _attached(bot, raw)
    if not found.file_id or found.size > MOST_BYTES:
        return Media(found.kind, None, found.media_type)
    return Media(found.kind, await _download(bot, found.file_id), found.media_type)


def _attached(bot: Bot, raw: bytes) -> Attachment:
    """Of an update that the library cannot read, nothing can be fetched; staff see that it came."""
    try:
        message = Update.de_json(json.loads(raw), bot).effective_message
        return attachment(message) if isinstance(message, Message) else Attachment("other")
    except UNREADABLE:
        return Attachment("other")


async def _download(bot: Bot, file_id: str) -> bytes | None:
    try:
        file = await bot.get_file(file_id)
        if not file.file_path or (file.file_size or 0) > MOST_BYTES:
            return None
        content = bytes(await file.download_as_bytearray())
    except (BadRequest, Forbidden):
        return None  # gone, too large, or never ours: the answer will not change
    except TelegramError as error:
        why = meaning(error)
        raise why if isinstance(why, TooFast) else NotSent(why.code) from None
    except UNREADABLE:
        raise NotSent("bad_answer") from None
    return content if len(content) <= MOST_BYTES else None
