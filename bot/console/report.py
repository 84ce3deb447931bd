"""The compliance report: on the screen and on paper, and as a table to take away. Made by bot.reports, shown here."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from datetime import datetime

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.moments import moment
from bot.console.visit import Visit
from bot.errors import Refused
from bot.reports import compliance as figures
from bot.reports import compliance_csv, compliance_html, compliance_json
from bot.reports.printed import Reader
from bot.services import access

REPORT = "/console/report"
KINDS = ("html", "csv", "json")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


async def choose(visit: Visit) -> Response:
    async with access.scoped(visit.ctx, visit.staff) as tx:
        await visit.ctx.book.refresh(tx)
        return visit.page("report.html", now=tx.now, studies=visit.ctx.book.names("study"))


async def compliance(visit: Visit) -> Response:
    """Of one's own sites only: the transaction sees no other."""
    code = visit.sought("site")
    site = visit.staff.site(code) if code else None
    kind = visit.asked("format", KINDS)
    async with access.scoped(visit.ctx, visit.staff) as tx:
        found = await figures.compliance(
            tx,
            visit.sought("study"),
            site.code if site else None,
            _as_of(visit, visit.sought("as_of")),
        )
    # Writing a long table takes time that an alert must not wait for.
    return await asyncio.to_thread(_written, found, Reader(visit.ctx.wording, visit.language), kind)


def _written(found: figures.Compliance, reader: Reader, kind: str) -> Response:
    if kind == "html":
        html = compliance_html.page(found, reader)
        return Response(html, media_type="text/html", headers={"Content-Security-Policy": _policy(html)})
    text, media_type = (
        (compliance_csv.compliance_csv(found, reader, bom=True), "text/csv; charset=utf-8")
        if kind == "csv"
        else (compliance_json.compliance_json(found, reader), "application/json")
    )
    name = f"compliance-{found.scope.as_of:%Y%m%dT%H%M%SZ}.{kind}"
    return Response(
        text.encode(),
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _as_of(visit: Visit, text: str) -> datetime | None:
    if not text:
        return None
    found = moment(text, visit.staff.sites[0].zone if visit.staff.sites else "UTC")
    if found is None:
        raise Refused("console.report.as_of")
    return found


def _policy(html: str) -> str:
    """The page brings its own style: that very text is allowed, and nothing else."""
    digests = [
        base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in _STYLE.findall(html)
    ]
    styles = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    )


PAGES = (
    Page("GET", REPORT, "look", choose),
    Page("GET", f"{REPORT}/compliance", "look", compliance),
)
