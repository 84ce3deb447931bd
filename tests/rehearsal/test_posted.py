"""How an alert of real processes counts: in the post within five of the machine's seconds, unless something was killed."""

from __future__ import annotations

import smtplib
from asyncio import get_running_loop, to_thread
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest

from bot.rehearsal.real.postbox import postbox
from bot.rehearsal.real.posted import Machine, in_time

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
SPEED, BEGAN = 6.0, 1000.0
RAISED = 1010.0  # by the machine's clock: a minute after noon by the database's
ALERT: Any = SimpleNamespace(
    alert_id=1, kind="danger", tier="emergency", raised_at=NOON + timedelta(seconds=60)
)

# when it was posted, when something was struck, is it listed, is it a breach?
CASES: list[tuple[str, float | None, list[float], bool, bool]] = [
    ("in time", 1014.0, [], False, False),
    ("late", 1016.0, [], False, True),
    ("never", None, [], False, True),
    ("never, and a process was killed", None, [1011.0], False, True),
    ("late, since its sender was killed", 1022.0, [1011.0], True, False),
    ("late, and the kill was long before", 1016.0, [1000.0], False, True),
    ("late, and the kill came after", 1016.0, [1017.0], False, True),
    ("much too late after a kill", 1050.0, [1011.0], False, True),
    ("in time although something was killed", 1012.0, [1011.0], False, False),
]


@pytest.mark.parametrize(
    ("name", "posted", "struck", "listed", "breach"), CASES, ids=[case[0] for case in CASES]
)
def test_in_the_post(
    name: str, posted: float | None, struck: list[float], listed: bool, breach: bool
) -> None:
    machine = Machine(NOON, BEGAN, SPEED, struck)
    assert machine.moment(ALERT.raised_at) == RAISED
    found = in_time([ALERT], {} if posted is None else {1: posted}, machine)
    assert found.checked == 1
    assert (len(found.violations), len(found.allowed)) == (breach, listed)


def test_who_was_struck_needs_a_while_and_no_moment_counts_twice() -> None:
    spans = Machine(NOON, BEGAN, SPEED, [1011.0, 1021.0, 1101.0]).recovering()
    assert [((since - NOON).total_seconds(), (until - NOON).total_seconds()) for since, until in spans] == [
        (60.0, 246.0),
        (246.0, 306.0),
        (600.0, 786.0),
    ]


async def test_the_postbox_says_when_a_mail_arrived() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail.set_content("x")

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as line:
            line.send_message(mail)

    async with postbox() as box:
        before = get_running_loop().time()
        await to_thread(send, int(box.url.rpartition(":")[2]))
        [at] = box.arrived
    assert before <= at <= get_running_loop().time()
