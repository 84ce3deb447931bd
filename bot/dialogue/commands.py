"""The words that are always there: 菜单, 今天的药, 我的日历, 更正, 报告不适, 联系护士, 帮助, 停止, 恢复提醒.

Whole texts only: 停药了 or 医生让我停 are about a medicine and never the command to stop messages.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from bot.dialogue.lexicon import Lexicon

Command: TypeAlias = Literal[
    "menu", "today", "calendar", "correct", "report", "nurse", "help", "stop", "resume"
]
COMMANDS: tuple[Command, ...] = get_args(Command)


def command_of(text: str, lexicon: Lexicon) -> Command | None:
    """The command that the whole text is, or None."""
    found = lexicon.command(text.removeprefix("/"))
    return next((command for command in COMMANDS if command == found), None)
