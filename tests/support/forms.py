"""The forms of a page, as a browser would send them, and as somebody would who is no browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from hypothesis import strategies as st

KNOWN = {"date": "2026-11-28", "datetime-local": "2026-11-28T08:00", "time": "08:00", "number": "3"}
ODD = (
    *(
        "",
        " ",
        "-1",
        "0",
        "999999999999999",
        "9" * 5000,
        "1e400",
        "nan",
        "\x00",
        "\ud83d",
        "\u202e甲",
        "<b>'\";--",
        "{0}%s{x}",
    ),
    *(
        "0001-01-01",
        "9999-12-31",
        "2026-02-30",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "2026-11-29T99:99",
        "24:00",
        "٣",
    ),
    *("on", "true", "x" * 20_000),
)


@dataclass(slots=True)
class Form:
    """Where it is sent to, and of each field what may be chosen or stands there."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "")
        if tag == "form" and told.get("method", "").lower() == "post":
            self.forms.append(Form(told.get("action", "")))
        elif self.forms and tag in ("input", "button", "textarea") and name:
            plain = told.get("value") or KNOWN.get(told.get("type", ""), "3")
            self.forms[-1].fields.setdefault(name, []).append(plain)
        elif self.forms and tag == "select":
            self._select = name
        elif self.forms and tag == "option" and self._select:
            self.forms[-1].fields.setdefault(self._select, []).append(told.get("value", ""))


def forms_of(page: str) -> Iterator[Form]:
    reader = _Reader()
    reader.feed(page)
    yield from (one for one in reader.forms if one.fields)


@st.composite
def filled(draw: st.DrawFn, forms: list[Form]) -> tuple[str, dict[str, str]]:
    """One of these forms filled in, with up to three of its fields left out or odd; its proof of origin stays."""
    form = draw(st.sampled_from(forms))
    sent = {name: draw(st.sampled_from(values)) for name, values in form.fields.items()}
    names = st.sampled_from(sorted(set(sent) - {"check"}) or ["x"])
    for name in draw(st.lists(names, max_size=3, unique=True)):
        value = draw(st.none() | st.sampled_from(ODD) | st.text(max_size=20))
        if value is None:
            sent.pop(name, None)
        else:
            sent[name] = value
    return form.action, sent
