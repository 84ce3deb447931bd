"""Every environment variable, once; each may also come from the file that NAME_FILE names.

The only module that reads the environment. It never shows a value in an error: a secret could be in it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.errors import Misconfigured
from bot.setting_forms import (
    Keys,
    asyncpg_url,
    check_database_url,
    check_server_url,
    check_smtp_url,
    parse_keys,
)

PREFIX = "SUIYAO_"


class Setting(NamedTuple):
    """One row of the README's table. `required_for` names the commands that refuse to start without it."""

    name: str
    meaning: str
    required_for: tuple[str, ...] = ()
    note: str = ""


SETTINGS = (
    Setting(
        "SUIYAO_DATABASE_URL",
        "PostgreSQL 18 as the runtime role: `postgresql://role:password@host:port/database[?sslmode=]`",
        required_for=("serve", "migrate"),
    ),
    Setting(
        "SUIYAO_OWNER_DATABASE_URL",
        "The same database as a role that may create roles and tables; only `migrate` uses it",
        required_for=("migrate",),
    ),
    Setting("SUIYAO_HOST", "Address to listen on"),
    Setting("SUIYAO_PORT", "Port to listen on"),
    Setting(
        "SUIYAO_PUBLIC_URL",
        "Where a participant's phone finds the pages: scheme, host, port; https unless it is a trial",
        required_for=("serve",),
    ),
    Setting(
        "SUIYAO_KEYS",
        "Keys, comma separated `name=base64 of 32 bytes`: `master-<number>` (newest first), `lookup`, `seal`",
        required_for=("serve", "migrate"),
    ),
    Setting("SUIYAO_TELEGRAM_TOKEN", "The bot's token; without it there is no Telegram"),
    Setting("SUIYAO_TELEGRAM_API_BASE", "Scheme, host and port of the Bot API server"),
    Setting(
        "SUIYAO_TELEGRAM_WEBHOOK_SECRET",
        "1-256 of `A-Za-z0-9_-`. Set: Telegram calls our webhook (needs an https public URL); unset: we poll",
    ),
    Setting(
        "SUIYAO_SMTP_URL", "Mail server for staff: `smtp://user:password@host:port` (STARTTLS) or `smtps://`"
    ),
    Setting("SUIYAO_MAIL_FROM", "Sender of staff mail", note="needed with `SUIYAO_SMTP_URL`"),
    Setting("SUIYAO_BACKUPS", "Folder where backups land; `check --live` looks for one of the last two days"),
    Setting("SUIYAO_LOG_LEVEL", "`debug`, `info`, `warning` or `error`"),
    Setting("SUIYAO_LANGUAGE", "Language of texts for staff: `zh_Hans_CN` or `en`"),
)


DatabaseUrl = Annotated[str, AfterValidator(check_database_url)]
ServerUrl = Annotated[str, AfterValidator(check_server_url)]
Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


class Settings(BaseModel):
    """What the environment says, checked. Fields with secrets are left out of its repr. "" means: not set."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    database_url: DatabaseUrl | Literal[""] = Field("", repr=False)
    owner_database_url: DatabaseUrl | Literal[""] = Field("", repr=False)
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    public_url: ServerUrl | Literal[""] = ""
    keys: Annotated[Keys, BeforeValidator(parse_keys)] | None = None
    telegram_token: str = Field("", repr=False, pattern=r"^([0-9]+:[A-Za-z0-9_-]+)?$")
    telegram_api_base: ServerUrl = "https://api.telegram.org"
    telegram_webhook_secret: str = Field("", repr=False, pattern=r"^[A-Za-z0-9_-]{0,256}$")
    smtp_url: Annotated[str, AfterValidator(check_smtp_url)] | Literal[""] = Field("", repr=False)
    mail_from: str = Field("", pattern=r"^([^@\s<>]+@[^@\s<>]+|[^\r\n<>]*<[^@\s<>]+@[^@\s<>]+>)?$")
    backups: str = ""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Lower] = "info"
    language: Literal["zh_Hans_CN", "en"] = "zh_Hans_CN"

    @property
    def async_database_url(self) -> str:
        """SQLAlchemy's form, for asyncpg."""
        return asyncpg_url(self.database_url)

    @property
    def async_owner_database_url(self) -> str:
        return asyncpg_url(self.owner_database_url)

    @property
    def runtime_password(self) -> str:
        """What `migrate` gives the runtime role, so that the two addresses cannot disagree."""
        return unquote(urlsplit(self.database_url).password or "")


def from_environment(command: str = "") -> Settings:
    """The settings of this process. Raises Misconfigured."""
    return load_settings(os.environ, command)


def machine_now() -> datetime:
    """The machine's own clock, which tells nothing but how far it is from the database's, once, at start."""
    return datetime.now(UTC)


def load_settings(environ: Mapping[str, str], command: str = "") -> Settings:
    """Read, check and freeze; with `command` (serve, migrate) also what that command cannot do without.

    Raises Misconfigured: one line with every faulty variable, and no value.
    """
    values = {_field(name): value for name in _names() if (value := _read(environ, name))}
    _refuse_unknown(environ)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise Misconfigured("; ".join(_faults(error))) from None
    _refuse_incomplete(settings, command)
    return settings


def _names() -> tuple[str, ...]:
    return tuple(setting.name for setting in SETTINGS)


def _field(name: str) -> str:
    return name.removeprefix(PREFIX).lower()


def _read(environ: Mapping[str, str], name: str) -> str:
    """The value, or what stands in the file named by NAME_FILE. Empty counts as not set."""
    value, file = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if value and file:
        raise Misconfigured(f"{name} and {name}_FILE are both set; keep one")
    if not file:
        return value
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Misconfigured(f"{name}_FILE: cannot read {file}: {reason}") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A misspelt name would silently leave a setting out, such as the webhook's secret."""
    known = [*_names(), *(f"{name}_FILE" for name in _names())]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise Misconfigured(f"{name} is not a setting" + (f"; is {near[0]} meant?" if near else ""))


def _faults(error: ValidationError) -> Iterable[str]:
    """Variable and reason of each fault, once per variable, without the input."""
    reasons: dict[str, str] = {}
    for fault in error.errors(include_input=False, include_url=False):
        name = PREFIX + str(fault["loc"][0]).upper()
        if fault["type"] == "literal_error" and fault["ctx"]["expected"] == "''":
            continue  # the other half of "an address, or not set"
        reasons.setdefault(name, _reason(fault["type"], fault["msg"]))
    return (f"{name}: {reason}" for name, reason in reasons.items())


def _reason(kind: str, message: str) -> str:
    if kind == "string_pattern_mismatch":
        return "does not have the form that the README's table gives"
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _refuse_incomplete(settings: Settings, command: str) -> None:
    needed = [setting.name for setting in SETTINGS if command and command in setting.required_for]
    if missing := [name for name in needed if not getattr(settings, _field(name))]:
        raise Misconfigured(f"{command} needs {', '.join(missing)}")
    if settings.smtp_url and not settings.mail_from:
        raise Misconfigured("SUIYAO_MAIL_FROM is needed with SUIYAO_SMTP_URL")
    if settings.telegram_webhook_secret and not settings.public_url.startswith("https://"):
        raise Misconfigured("SUIYAO_PUBLIC_URL must be https with SUIYAO_TELEGRAM_WEBHOOK_SECRET")


def settings_table() -> str:
    """The README's table, in Markdown. A secret's default is never shown because there is none."""
    rows = ["| setting | meaning | default | required for |", "| --- | --- | --- | --- |"]
    for setting in SETTINGS:
        default = Settings.model_fields[_field(setting.name)].default
        shown = f"`{default}`" if default not in ("", None) else ""
        required = ", ".join(f"`{command}`" for command in setting.required_for) or setting.note
        rows.append(f"| `{setting.name}` | {setting.meaning} | {shown} | {required} |")
    return "\n".join(rows)
