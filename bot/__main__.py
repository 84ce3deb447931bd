"""The command line. Each command's module is imported only when it is called, so that small ones answer at once."""

from __future__ import annotations

import importlib
import sys
import zoneinfo

import click

# name -> module:function. Groups of one noun are groups here, too.
COMMANDS = {
    "serve": "bot.commands.serve:serve",
    "demo": "bot.commands.demo:demo",
    "migrate": "bot.commands.setup:migrate",
    "keys": "bot.commands.setup:keys",
    "check": "bot.commands.check:check",
    "study": "bot.commands.study:study",
    "chat": "bot.commands.chat:chat",
    "plan": "bot.commands.plan:plan",
    "rules": "bot.commands.rules:rules",
    "texts": "bot.commands.texts:texts",
    "site": "bot.commands.people:site",
    "staff": "bot.commands.people:staff",
    "enrol": "bot.commands.people:enrol",
    "invite": "bot.commands.people:invite",
    "cycle": "bot.commands.decide:cycle",
    "hold": "bot.commands.decide:hold",
    "resume": "bot.commands.decide:resume",
    "dose-level": "bot.commands.decide:dose_level",
    "arm": "bot.commands.decide:arm",
    "pause": "bot.commands.decide:pause",
    "end": "bot.commands.decide:end",
    "labs": "bot.commands.labs:labs",
    "companion": "bot.commands.companion:companion",
    "questionnaire": "bot.commands.questionnaire:questionnaire",
    "report": "bot.commands.report:report",
    "rehearse": "bot.commands.rehearse:rehearse",
    "inbox": "bot.commands.inbox:inbox",
    "digest": "bot.commands.digest:digest",
    "why": "bot.commands.inbox:why",
    "audit": "bot.commands.audit:audit",
    "restored": "bot.commands.restored:restored",
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, command.get_short_help_str(90))
            for name in COMMANDS
            if (command := self.get_command(ctx, name))
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
def cli() -> None:
    """Suiyao keeps people on oral myeloma maintenance company between visits.

    Settings come from the environment; the README lists them. Times are ISO 8601, dates 2026-11-02.
    """


def main() -> None:
    from bot.errors import Misconfigured

    # Time zones come from the pinned package alone: two machines must never disagree about a clock change.
    zoneinfo.reset_tzpath(())
    try:
        cli(prog_name="suiyao")
    except Misconfigured as problem:
        click.echo(f"suiyao: {problem}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
