"""Reasons and outcomes as short codes: they stand in the audit, where no names and no free words may be.

Free words go beside them, into a note that is kept sealed.
"""

from __future__ import annotations

import re

import click


def code(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[a-z0-9_-]{1,40}", value):
        raise click.BadParameter(f"{value!r} is not a short code such as toxicity", ctx, param)
    return value


def note(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """`-`: asked for, so that a patient's circumstances stand in no shell history and no list of processes."""
    words = click.prompt("Note", default="", show_default=False) if value == "-" else value or ""
    try:
        words.encode()
    except UnicodeEncodeError:  # bytes of another encoding come from the shell as half characters
        raise click.BadParameter("is not UTF-8 text", ctx, param) from None
    return words.strip()
