"""One visit: who asks, in which language, what the form brought, and the few kinds of answer that pages give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console import auth
from bot.console.forms import Form, plain
from bot.console.view import View
from bot.errors import Refused
from bot.services.access import Act, Session
from bot.services.context import Ctx

LARGEST_ID = 2**62
_HIDDEN = Markup('<input type="hidden" name="check" value="{}">')
# Never shown again on a page that gives typed words back.
SECRET_FIELDS = frozenset({"check", "password", "again", "old", "code", "secret", "once", "seen"})


@dataclass(frozen=True, slots=True)
class Visit:
    ctx: Ctx
    view: View
    request: Request
    form: Form
    language: str
    secure: bool
    session: Session | None

    @property
    def staff(self) -> Session:
        """Who is signed in. Only pages that are not open may ask."""
        assert self.session is not None
        return self.session

    def may(self, act: Act) -> bool:
        return self.session is not None and self.session.may(act)

    @property
    def form_token(self) -> str:
        """What the forms of this browser are bound to: its session, or the cookie that it got with the sign-in form."""
        name = auth.cookie_name if self.session is not None else auth.visitor_name
        return auth.token_of(self.request, name(self.secure))

    def number(self, name: str) -> int:
        """A row's number from the address. Refused when no row can have it."""
        found = int(self.request.path_params[name])
        if found > LARGEST_ID:
            raise Refused("console.no_such_page")
        return found

    def word(self, name: str) -> str:
        return str(self.request.path_params[name])[:80]

    def sought(self, name: str) -> str:
        """What stands after the question mark, bounded and decoded like a field of a form."""
        return plain(self.request.query_params.get(name, "")).strip()[:80]

    def asked(self, name: str, allowed: tuple[str, ...]) -> str:
        """A word after the question mark, one of those allowed; the first of them otherwise."""
        value = self.sought(name)
        return value if value in allowed else allowed[0]

    def page(
        self, template: str, status: int = 200, *, now: datetime | None = None, **values: Any
    ) -> Response:
        token = self.form_token
        fresh = "" if token or self.session is not None else auth.new_token()
        check = auth.check_for(token or fresh)
        html = self.view.render(template, self.language, self._frame(check, now) | values)
        response = HTMLResponse(html, status)
        if fresh:
            auth.give(response, auth.visitor_name(self.secure), fresh, self.secure)
        return response

    def _frame(self, check: str, now: datetime | None) -> dict[str, Any]:
        return {
            "visit": self,
            "staff": self.session,
            "hidden": _HIDDEN.format(check),
            "now": now,
            "path": self.request.url.path,
            "done": self.sought("done"),
        }

    def go(self, path: str, done: str = "") -> Response:
        """See another page, with a sentence of what was done."""
        return RedirectResponse(f"{path}?done={quote(done)}" if done else path, 303)

    def trouble(self, text_id: str, status: int, **values: Any) -> Response:
        return self.page("trouble.html", status, text=self.refusal(text_id, **values), kept={})

    def kept(self, text_id: str, status: int, **values: Any) -> Response:
        """A form that could not be taken: whatever was written in it is shown, to be copied."""
        typed = {
            name: value
            for name, value in self.form.fields.items()
            if name not in SECRET_FIELDS and len(value.strip()) > 3
        }
        return self.page("trouble.html", status, text=self.refusal(text_id, **values), kept=typed)

    def refusal(self, text_id: str, **values: Any) -> str:
        """A refusal in words; a colleague by name."""
        names = self.session.colleagues if self.session is not None else {}
        told = {
            name: names.get(value, value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        return self.view.text(self.language, text_id, **told)
