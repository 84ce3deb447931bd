"""Reasons and outcomes as short codes: they stand in the audit, where no names and no free words may be."""

from __future__ import annotations

import re

import click


def code(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[a-z0-9_-]{1,40}", value):
        raise click.BadParameter(f"{value!r} is not a short code such as toxicity", ctx, param)
    return value
