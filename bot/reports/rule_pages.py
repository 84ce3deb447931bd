"""The tables of rules as Markdown (for the repository and mail) and as HTML (for the console and paper)."""

from __future__ import annotations

from markupsafe import Markup, escape

from bot.reports.rule_tables import Cell, Printer, Table


def markdown(printer: Printer, named: str) -> str:
    """`named`: which edition this is, a line of its own."""
    parts = [f"# {printer.both('ruleshow.heading', study=printer.rules.study.id)}", named]
    parts += [printer.both("ruleshow.intro")]
    for table in printer.tables():
        parts += [f"## {table.title}", table.note, _md_table(table)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _md_table(table: Table) -> str:
    lines = [_md_row(table.head), _md_row(["---"] * len(table.head))]
    lines += [_md_row([_md_cell(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines)


def _md_row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _md_cell(cell: Cell) -> str:
    return "<br>".join(line.replace("|", "\\|").replace("\n", " ") for line in cell)


def html(printer: Printer) -> Markup:
    """A section for each table, every text escaped."""
    return Markup("").join(_section(table) for table in printer.tables())


def page(printer: Printer, named: str) -> str:
    """A page of its own, for paper."""
    title = printer.both("ruleshow.heading", study=printer.rules.study.id)
    return str(
        Markup(
            '<!doctype html>\n<html lang="zh-Hans"><head><meta charset="utf-8"><title>{title}</title>'
            "<style>{style}</style></head><body><h1>{title}</h1><p>{named}</p><p>{intro}</p>{body}</body></html>\n"
        ).format(
            title=title, style=STYLE, named=named, intro=printer.both("ruleshow.intro"), body=html(printer)
        )
    )


def _section(table: Table) -> Markup:
    head = Markup("").join(Markup("<th>{}</th>").format(one) for one in table.head)
    rows = Markup("\n").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(_lines(cell)) for cell in row)
        )
        for row in table.rows
    )
    return Markup(
        '<section class="card"><h2>{}</h2><p class="aside">{}</p><div class="scroll"><table>'
        "<thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div></section>\n"
    ).format(table.title, table.note, head, rows)


def _lines(cell: Cell) -> Markup:
    return Markup("<br>").join(_word(line) for line in cell)


def _word(line: str) -> Markup:
    """`a code` stands between backticks."""
    if line.startswith("`") and line.endswith("`") and len(line) > 2:
        return Markup("<code>{}</code>").format(line[1:-1])
    return escape(line)


STYLE = (
    "body{font:15px/1.5 sans-serif;margin:24px;max-width:1200px}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #999;padding:4px 8px;text-align:left;vertical-align:top}h2{margin-top:2em}"
)
