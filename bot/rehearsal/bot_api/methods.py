"""The Bot API's methods on the fake's world, with the real server's words for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot.rehearsal.bot_api.params import ApiError, Params, bad, keyboard, message_text
from bot.rehearsal.bot_api.webhook import Webhook
from bot.rehearsal.bot_api.world import ANSWER_SECONDS, Chat, Json, Message, World

MOST_FILE_BYTES = 20 * 1024 * 1024
_UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active;"
    " use deleteWebhook to delete the webhook first"
)


class Methods:
    def __init__(self, world: World, webhook: Webhook) -> None:
        self.world, self.webhook = world, webhook
        self.commands: list[Any] = []
        self.by_name: dict[str, Callable[[Params], Awaitable[Any]]] = {
            "getMe": self.get_me,
            "getUpdates": self.get_updates,
            "setWebhook": self.set_webhook,
            "deleteWebhook": self.delete_webhook,
            "getWebhookInfo": self.get_webhook_info,
            "sendMessage": self.send_message,
            "editMessageText": self.edit_text,
            "editMessageReplyMarkup": self.edit_markup,
            "answerCallbackQuery": self.answer_tap,
            "getFile": self.get_file,
            "setMyCommands": self.set_commands,
        }

    async def get_me(self, _: Params) -> Json:
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False}
        return {**self.world.user, **abilities, "supports_inline_queries": False}

    async def get_updates(self, given: Params) -> list[Json]:
        if self.webhook.url:
            raise ApiError(409, _WEBHOOK_ACTIVE)
        self._allow(given)
        limit, timeout = given.get("limit", 100), given.get("timeout", 0)
        return await self.world.queue.get(given.get("offset", 0), min(max(limit, 1), 100), min(timeout, 50))

    async def set_webhook(self, given: Params) -> bool:
        secret = given.get("secret_token", "")
        if given.get("secret_token") is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        if not given["url"].startswith("https://") and not given["url"].startswith("http://127.0.0.1:"):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(given)
        await self.webhook.start(given["url"], secret)
        return True

    async def delete_webhook(self, given: Params) -> bool:
        await self.webhook.stop()
        if given.get("drop_pending_updates"):
            self.world.queue.pending.clear()
        return True

    async def get_webhook_info(self, _: Params) -> Json:
        waiting = len(self.world.queue.pending)
        return {"url": self.webhook.url, "has_custom_certificate": False, "pending_update_count": waiting}

    async def send_message(self, given: Params) -> Json:
        text, rows = message_text(given["text"]), keyboard(given.get("reply_markup"))
        chat = self.world.reachable(given["chat_id"])
        return self.world.json(chat, self.world.add(chat, True, text, rows=rows))

    async def edit_text(self, given: Params) -> Json:
        text, rows = message_text(given["text"]), keyboard(given.get("reply_markup"))
        chat, message = self._editable(given)
        return self._edited(chat, message, text, rows)

    async def edit_markup(self, given: Params) -> Json:
        chat, message = self._editable(given)
        return self._edited(chat, message, message.text, keyboard(given.get("reply_markup")))

    async def answer_tap(self, given: Params) -> bool:
        tap = self.world.taps.get(given["callback_query_id"])
        if tap is None or self.world.now() - tap.at > ANSWER_SECONDS:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(given.get("text", "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        tap.answered = True
        return True

    async def get_file(self, given: Params) -> Json:
        file_id = given["file_id"]
        content = self.world.files.get(file_id)
        if content is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if len(content) > MOST_FILE_BYTES:
            raise bad("file is too big")
        unique = file_id.removeprefix("file-")
        size = {"file_size": len(content)} if content else {}
        return {"file_id": file_id, "file_unique_id": unique, "file_path": f"kept/{file_id}", **size}

    async def set_commands(self, given: Params) -> bool:
        for command in given["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", "")).removeprefix("/")):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands = given["commands"]
        return True

    def _allow(self, given: Params) -> None:
        """Stays as it was when not given; an empty list means the usual kinds."""
        if "allowed_updates" in given:
            self.world.queue.allowed = frozenset(given["allowed_updates"]) or None

    def _editable(self, given: Params) -> tuple[Chat, Message]:
        chat = self.world.reachable(given["chat_id"])
        message = chat.messages.get(given["message_id"])
        if message is None:
            raise bad("message to edit not found")
        if not message.by_bot:
            raise bad("message can't be edited")
        return chat, message

    def _edited(
        self, chat: Chat, message: Message, text: str, rows: list[list[dict[str, str]]] | None
    ) -> Json:
        if (text, rows) == (message.text, message.rows):
            raise bad(_UNCHANGED)
        message.text, message.rows, message.edited_at = text, rows, int(self.world.now())
        return self.world.json(chat, message)
