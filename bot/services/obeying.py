"""Carry out a command: say what it says, begin what it begins."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue.turn import Phrase, Say
from bot.services import commands, conversing
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who


async def command(tx: Tx, who: Who, name: str, delivery: Delivery) -> None:
    done = await commands.run(tx, who, name)
    for say in done.says:
        await conversing.tell(tx, who, say, delivery)
    if done.begin is not None:
        await conversing.follow(tx, who, done.begin, delivery)


async def offer_menu(tx: Tx, who: Who, phrases: Sequence[Phrase], delivery: Delivery) -> None:
    await conversing.tell(tx, who, Say(tuple(phrases), commands.menu_options()), delivery)
