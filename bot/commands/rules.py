"""`suiyao rules`: the rules of the product as programs for a validator: rows in, the same rows with answers out.

No database, no settings, no network. Each command's module is imported only when it is called.
"""

from __future__ import annotations

import importlib

import click

# name -> module:function
COMMANDS = {
    "late": "bot.commands.rules_late:late",
    "composite": "bot.commands.rules_composite:composite",
    "crcl": "bot.commands.rules_crcl:crcl",
    "labs": "bot.commands.rules_labs:labs",
    "adherence": "bot.commands.rules_adherence:adherence",
    "triage": "bot.commands.rules_triage:triage",
    "show": "bot.commands.rules_show:show",
    "load": "bot.commands.rules_load:load",
}


class RuleCommands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=RuleCommands)
def rules() -> None:
    """Try the rules on rows of your own.

    FILE is a table in UTF-8 with a header line; `-` reads standard input. What comes out has every column of what
    went in and the answers beside them; a column that already has the name of an answer is written anew. A row
    that cannot be answered says why in its column `error`, the others go on, and the exit status is then 1.
    """
