"""Settings: what is read, what is refused, and that a refusal is one line that shows no value."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import Misconfigured
from bot.setting_forms import asyncpg_url
from bot.settings import SETTINGS, Settings, load_settings, settings_table


def key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


KEYS = f"master-2={key(2)}, master-1={key(1)}, lookup={key(3)}, seal={key(4)}"
COMPLETE = {
    "SUIYAO_DATABASE_URL": "postgresql://suiyao_runtime:p%40ss@db:5432/suiyao?sslmode=require",
    "SUIYAO_OWNER_DATABASE_URL": "postgresql://postgres:hidden@db/suiyao",
    "SUIYAO_PUBLIC_URL": "https://suiyao.example/",
    "SUIYAO_KEYS": KEYS,
}


def test_nothing_set_is_fine_until_a_command_needs_something() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.language) == ("127.0.0.1", 8080, "zh_Hans_CN")
    assert settings.keys is None
    with pytest.raises(
        Misconfigured, match="serve needs SUIYAO_DATABASE_URL, SUIYAO_PUBLIC_URL, SUIYAO_KEYS"
    ):
        load_settings({}, "serve")
    with pytest.raises(Misconfigured, match="migrate needs SUIYAO_OWNER_DATABASE_URL"):
        load_settings({"SUIYAO_DATABASE_URL": COMPLETE["SUIYAO_DATABASE_URL"]}, "migrate")


def test_complete_settings() -> None:
    settings = load_settings(COMPLETE, "serve")
    assert (
        settings.async_database_url == "postgresql+asyncpg://suiyao_runtime:p%40ss@db:5432/suiyao?ssl=require"
    )
    assert settings.runtime_password == "p@ss"
    assert settings.public_url == "https://suiyao.example"
    assert settings.keys is not None
    assert list(settings.keys.masters) == ["master-2", "master-1"]
    assert (settings.keys.lookup, settings.keys.seal) == (bytes([3]) * 32, bytes([4]) * 32)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(load_settings({}), "port", 1)  # noqa: B010 - mypy would rightly refuse the plain form


def test_repr_keeps_secrets() -> None:
    token, secret, smtp = "123:AbC-token", "webhook-word", "smtp://nurse:mailword@mail:587"
    settings = load_settings(
        COMPLETE
        | {"SUIYAO_TELEGRAM_TOKEN": token, "SUIYAO_TELEGRAM_WEBHOOK_SECRET": secret, "SUIYAO_SMTP_URL": smtp}
        | {"SUIYAO_MAIL_FROM": "随药 <suiyao@site.example>"}
    )
    shown = repr(settings) + str(settings)
    for word in (token, secret, "mailword", "hidden", "p%40ss", key(1), repr(bytes([1]) * 32)):
        assert word not in shown


def test_a_setting_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(COMPLETE["SUIYAO_DATABASE_URL"] + "\n", encoding="utf-8")
    assert load_settings({"SUIYAO_DATABASE_URL_FILE": str(file)}).runtime_password == "p@ss"


def test_an_empty_value_or_file_is_not_set(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("\n", encoding="utf-8")
    settings = load_settings({"SUIYAO_TELEGRAM_TOKEN_FILE": str(file), "SUIYAO_HOST": " "})
    assert (settings.telegram_token, settings.host) == ("", "127.0.0.1")


SHORT = base64.b64encode(b"short-hidden").decode()
REFUSED = [
    ("SUIYAO_DATABASE_URL", "mysql://u:hidden@h/d", "must begin with postgresql://"),
    ("SUIYAO_DATABASE_URL", "postgresql://u:hidden@h", "must name a database"),
    ("SUIYAO_DATABASE_URL", "postgresql://u:hidden@h:port/d", "not a valid address"),
    ("SUIYAO_DATABASE_URL", "postgresql://u:hid[den@h/d", "not a valid address"),
    ("SUIYAO_DATABASE_URL", "postgresql://u@h/d?hidden=1", "knows only the options"),
    ("SUIYAO_PORT", "hidden", "valid integer"),
    ("SUIYAO_PORT", "0", "greater than or equal to 1"),
    ("SUIYAO_PORT", "65536", "less than or equal to 65535"),
    ("SUIYAO_PUBLIC_URL", "hidden.example", "must be http:// or https://"),
    ("SUIYAO_PUBLIC_URL", "https://hidden.example/chat", "scheme, host and port only"),
    ("SUIYAO_TELEGRAM_API_BASE", "https://bot:hidden@h", "scheme, host and port only"),
    ("SUIYAO_KEYS", f"master-1={key(1)},lookup={key(2)}", "lacks seal"),
    ("SUIYAO_KEYS", f"lookup={key(1)},seal={key(2)}", "lacks master-1"),
    ("SUIYAO_KEYS", "master-1=hidden!", "master-1 is not base64"),
    ("SUIYAO_KEYS", f"master-1={SHORT}", "master-1 is 12 bytes long, not 32"),
    ("SUIYAO_KEYS", f"hidden={key(1)}", "not master-<number>, lookup or seal"),
    ("SUIYAO_KEYS", f"seal={key(1)},seal={key(2)}", "names seal twice"),
    ("SUIYAO_KEYS", f"master-1={key(1)},lookup={key(1)},seal={key(2)}", "one key under two names"),
    ("SUIYAO_TELEGRAM_TOKEN", "hidden", "form"),
    ("SUIYAO_TELEGRAM_WEBHOOK_SECRET", "hidden word", "form"),
    ("SUIYAO_TELEGRAM_WEBHOOK_SECRET", "h" * 257, "form"),
    ("SUIYAO_SMTP_URL", "mail.hidden:25", "smtp://"),
    ("SUIYAO_MAIL_FROM", "hidden", "form"),
    ("SUIYAO_MAIL_FROM", "a@b.example\r\nBcc: hidden@c.example", "form"),
    ("SUIYAO_LOG_LEVEL", "hidden", "'debug', 'info'"),
    ("SUIYAO_LANGUAGE", "hidden", "'zh_Hans_CN' or 'en'"),
]


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED)
def test_refusal_names_the_variable_and_never_the_value(name: str, value: str, reason: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_settings({name: value})
    line = str(refused.value)
    assert line.startswith(f"{name}: ")
    assert reason in line
    assert "\n" not in line
    assert "hid" not in line
    assert key(1) not in line


def test_all_faults_at_once() -> None:
    with pytest.raises(Misconfigured, match=r"^SUIYAO_PORT: .*; SUIYAO_LANGUAGE: "):
        load_settings({"SUIYAO_PORT": "x", "SUIYAO_LANGUAGE": "fr"})


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        (
            {"SUIYAO_DATABSE_URL": "hidden"},
            "SUIYAO_DATABSE_URL is not a setting; is SUIYAO_DATABASE_URL meant?",
        ),
        ({"SUIYAO_HOST": "a", "SUIYAO_HOST_FILE": "b"}, "SUIYAO_HOST and SUIYAO_HOST_FILE are both set"),
        ({"SUIYAO_KEYS_FILE": "nowhere"}, "SUIYAO_KEYS_FILE: cannot read nowhere: No such file"),
        ({"SUIYAO_SMTP_URL": "smtp://mail:25"}, "SUIYAO_MAIL_FROM is needed with SUIYAO_SMTP_URL"),
        (
            {"SUIYAO_TELEGRAM_WEBHOOK_SECRET": "word", "SUIYAO_PUBLIC_URL": "http://a.example"},
            "SUIYAO_PUBLIC_URL must be https",
        ),
    ],
)
def test_refused_together(environ: dict[str, str], reason: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_settings(environ)
    assert str(refused.value).startswith(reason)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="it is not text"):
        load_settings({"SUIYAO_KEYS_FILE": str(file)})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ""),
        ("postgresql://u@/d?host=/var/run/x", "postgresql+asyncpg://u@/d?host=/var/run/x"),
        ("postgres://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d"),
    ],
)
def test_form_for_asyncpg(url: str, expected: str) -> None:
    assert asyncpg_url(url) == expected


def test_every_setting_is_in_the_table_once() -> None:
    assert sorted(Settings.model_fields) == sorted(s.name.removeprefix("SUIYAO_").lower() for s in SETTINGS)
    assert settings_table().count("\n| `SUIYAO_") == len(SETTINGS)
