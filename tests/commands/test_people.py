"""Sites, staff, participants, invitations; and what staff then see."""

from __future__ import annotations

import re

import pytest

from bot.db.embedded import EmbeddedPostgres
from bot.errors import Misconfigured
from tests.commands.conftest import ENROL, Shell, nowhere_in_plain


def test_enrolling_prints_what_the_nurse_needs(house: Shell) -> None:
    done = house.fine(*ENROL, "--format", "json").json
    assert list(done) == ["subject_id", "invitation", "telegram_link", "web_link", "expires_at"]
    assert done["subject_id"] == "TST-001"
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", done["invitation"])
    assert done["telegram_link"] is None  # no bot is configured
    assert done["web_link"] == f"https://suiyao.example/i/{done['invitation']}"
    assert done["expires_at"] == "2026-01-04T00:00:00Z"


def test_a_table_for_people(house: Shell) -> None:
    lines = house.fine(*ENROL).out.splitlines()
    assert lines[0] == "subject_id:     TST-001"
    assert lines[2] == "telegram_link:  -"


def test_a_new_invitation_voids_the_last(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    code = house.fine("invite", "TST-001", "--format", "json").json["invitation"]
    assert house.fine("invite", "TST-001", "--for", "family", "--format", "json").json["invitation"] != code
    voided = postgres.sql(
        "SELECT voided_at IS NOT NULL FROM invitation ORDER BY invitation_id", database_name
    )
    assert voided.split() == ["t", "f", "f"]


def test_subjects_are_numbered_within_their_site(house: Shell) -> None:
    house.fine("site", "add", "--code", "BJ2", "--name", "二院", "--phone", "010-87654321")
    house.fine(*ENROL)
    house.fine(*ENROL)
    other = tuple("BJ2" if word == "TST" else word for word in ENROL)
    assert house.fine(*other, "--format", "json").json["subject_id"] == "BJ2-001"
    assert house.fine(*ENROL, "--format", "json").json["subject_id"] == "TST-003"


def test_names_are_kept_as_they_are_written_and_sealed(
    house: Shell, postgres: EmbeddedPostgres, database_name: str
) -> None:
    """SQL, HTML, marks that turn the line, emoji: text, and nowhere in plain."""
    name = "\u202eRobert'); DROP TABLE participant; -- <b>李</b> 😀"
    words = tuple(name if word == "李桂兰" else word for word in ENROL)
    house.fine(*words)
    assert postgres.sql("SELECT count(*) FROM participant", database_name) == "1"
    nowhere_in_plain(postgres, database_name, "DROP TABLE")
    with pytest.raises(Misconfigured, match="in plain in participant"):  # the search itself can find
        nowhere_in_plain(postgres, database_name, "TST-001")


def test_staff_see_nothing_new_and_the_chains_hold(house: Shell, subject: str) -> None:
    staff = (
        "staff",
        "add",
        "--site",
        "TST",
        "--role",
        "nurse",
        "--name",
        "王护士",
        "--email",
        "n@example.org",
    )
    assert house.fine(*staff).out.startswith("Staff member ")
    assert house.fine("inbox").out == "0 entries.\n"
    assert house.fine("inbox", "--site", "TST", "--all", "--format", "json").json == []
    assert house.fine("why", "TST-001", "--days", "30").out == ""  # nothing has come due yet
    assert house.fine("audit", "verify").out == "Every chain holds.\n"


def test_a_changed_history_is_found(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    postgres.sql("ALTER TABLE audit_entry DISABLE TRIGGER USER", database_name)
    postgres.sql("UPDATE audit_entry SET actor = 'nobody' WHERE action = 'enrolled'", database_name)
    done = house("audit", "verify")
    assert done.status == 1
    assert "was altered" in done.out
    assert done.out.endswith("1 faults.\n")


REFUSALS: tuple[tuple[str, str, str], ...] = (
    ("TST", "NOPE", "no site"),
    ("nct04217967", "nct00000000", "nct00000000"),
    ("combination", "placebo", "placebo"),
    ("2026-01-05", "2026-02-31", "2026-02-31"),
    ("2026-01-05", "05.01.2026", "05.01.2026"),
    ("2026-01-05", "2036-01-05", "2036-01-05"),
    ("08:00", "8 o'clock", "8 o'clock"),
    ("08:00", "23:00", "23:00"),
    ("13900001234", "1234", "phone"),
    ("李桂兰", "  ", "name"),
    ("1956", "1856", "1856"),
    ("1956", "nineteen", "nineteen"),
    ("female", "other", "other"),
)


def test_a_slip_while_enrolling_is_named_and_enrols_nobody(
    house: Shell, postgres: EmbeddedPostgres, database_name: str
) -> None:
    for right, wrong, named in REFUSALS:
        words = tuple(wrong if word == right else word for word in ENROL)
        assert named.lower() in house.refused(*words).lower()
    assert postgres.sql("SELECT count(*) FROM participant", database_name) == "0"


NURSE = (
    "staff",
    "add",
    "--site",
    "TST",
    "--role",
    "nurse",
    "--name",
    "王护士",
    "--email",
    "nurse@example.org",
)


def test_a_staff_member_gets_a_code_to_choose_a_password(
    house: Shell, postgres: EmbeddedPostgres, database_name: str
) -> None:
    house.fine(*NURSE)
    told = dict(
        line.split(None, 1) for line in house.fine("staff", "password", "nurse@example.org").out.splitlines()
    )
    assert told["page:"] == "https://suiyao.example/console/activate"
    code = told["activation_code:"]
    login = "SELECT encode(activation_hash, 'hex'), activation_expires_at - '2026-01-01'::timestamptz FROM staff_login"
    kept, _, lives = postgres.sql(login, database_name).partition("|")
    assert kept and code not in kept and "1 day" in lives
    assert "nurse@example.org" not in postgres.sql("SELECT t::text FROM staff_login t", database_name)
    house.fine("staff", "password", "nurse@example.org")
    assert postgres.sql(login, database_name).partition("|")[0] != kept  # the first code stops working


def test_the_digest_is_shown_before_anybody_gets_it(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    shown = house.fine("digest", "--preview", "--site", "TST", "--language", "en").out
    assert "TST" in shown.splitlines()[0] and "https://suiyao.example/console" in shown
    assert postgres.sql("SELECT count(*) FROM digest", database_name) == "0"
    assert (
        postgres.sql("SELECT count(*) FROM outbound_message WHERE purpose = 'digest'", database_name) == "0"
    )


SLIPS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((*ENROL, "--tz", "Asia/Peking"), "Asia/Peking"),
    (("site", "add", "--code", "TST", "--name", "X", "--phone", "010-1234567"), "TST"),
    (("site", "add", "--code", "a b", "--name", "X", "--phone", "010-1234567"), "'a b'"),
    (("site", "add", "--code", "NEW", "--name", " ", "--phone", "010-1234567"), "--name"),
    (("site", "add", "--code", "NEW", "--name", "X", "--phone", "none"), "'none'"),
    (("site", "add", "--code", "NEW", "--name", "X", "--phone", "010-1234567", "--tz", "CST-8"), "'CST-8'"),
    (
        ("staff", "add", "--site", "TST", "--role", "nurse", "--name", "X", "--email", "a@b\nBcc: c@d"),
        "--email",
    ),
    (("staff", "add", "--site", "NO", "--role", "nurse", "--name", "X", "--email", "a@b"), "NO"),
    (("staff", "add", "--site", "TST", "--role", "king", "--name", "X", "--email", "a@b"), "king"),
    (("invite", "TST-404"), "TST-404"),
    (("staff", "password", "nobody@example.org"), "no staff member"),
    (("digest", "--preview", "--site", "TTS"), "TTS"),
    (("why", "TST-404"), "TST-404"),
    (("why", "TST-001", "--days", "0"), "--days"),
    (("inbox", "--site", "TTS"), "TTS"),
    (("inbox", "--close", "1"), "--outcome"),
    (("inbox", "--close", "77", "--outcome", "called"), "--note"),
    (("inbox", "--close", "77", "--outcome", "called", "--note", " "), "--note"),
    (("inbox", "--close", "77", "--outcome", "called", "--note", "better"), "77"),
    (("inbox", "--close", "77", "--outcome", "I called her"), "short code"),
)


def test_other_slips(house: Shell) -> None:
    for words, named in SLIPS:
        assert named in house.refused(*words)
