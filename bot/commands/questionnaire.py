"""A site's licensed questionnaire wording, into its own database."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def questionnaire() -> None:
    """Licensed questionnaires: their wording comes from the site and never with this product."""


@questionnaire.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--name", default="pro_ctcae", show_default=True, help="As the study's setting names it.")
@click.option("--check", is_flag=True, help="Only say whether the files are right.")
def load(files: tuple[Path, ...], name: str, check: bool) -> None:
    """Load the PRO-CTCAE wording of FILES, in Chinese and English, and publish it.

    \b
    CSV   columns item (1-80), attribute (frequency, severity, interference, amount, presence), language (zh, en), text,
          answer_0 to answer_4 (presence: answer_0, answer_1), and answer_na where the form offers it
    FHIR  Questionnaire (R4, JSON): linkId such as PROCTCAE_39A, answers with the codes 0 to 4; the other language as
          translation extensions, or in a second file

    Any choice of the 80 questions, each with all its attributes. It is asked on the days of the study's setting
    [pro_ctcae]; whoever is in the middle of one goes on with the wording that he began with.
    """
    from bot.commands.pro_files import pieces_of
    from bot.commands.shipped_file import shipped_text
    from bot.errors import Misconfigured
    from bot.symptoms.pro_ctcae import parse_instrument
    from bot.symptoms.pro_wording import wording_of

    instrument = parse_instrument(shipped_text("instruments/pro_ctcae.toml"), "pro_ctcae.toml")
    try:
        wording = wording_of(
            name, instrument, [piece for path in files for piece in pieces_of(path, instrument)]
        )
    except ValueError as problem:
        raise Misconfigured(str(problem)) from None
    items = len({one.item for one in wording.questions})
    click.echo(f"{name}: {items} items, {len(wording.questions)} questions, in Chinese and English.")
    if check:
        return
    _publish(name, wording.body())


def _publish(name: str, body: str) -> None:
    from bot.app.app import App
    from bot.commands.session import run
    from bot.services import book
    from bot.services.book import Source

    async def work(app: App) -> list[str]:
        return await book.publish(app.ctx, [Source("pro_ctcae", name, body)], "cli")

    click.echo("Published." if run(work) else "Published before; nothing new.")
