"""Odd rows in a laboratory's file and odd instants on the command line: an answer to each, and only what is whole is kept."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import UTC
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.commands.report import _instant
from bot.db.embedded import EmbeddedPostgres
from bot.errors import Misconfigured
from tests.commands.conftest import Shell
from tests.support.forms import ODD

COLUMNS = ("subject_id", "test", "value", "unit", "collected_on", "lln", "uln")
BREAKS = ("a\rb", "a\nb", 'a"b')
GOOD = ("TST-001", "PLT", "60", "x10^9/L", "2025-12-30", "125", "350")
SHORT = st.sampled_from([odd for odd in ODD if len(odd) < 6000]) | st.text(max_size=12)


@st.composite
def rows(draw: st.DrawFn) -> list[str]:
    """A good one with up to two cells that are odd."""
    cells = list(GOOD)
    for at in draw(st.lists(st.integers(0, len(cells) - 1), max_size=2)):
        cells[at] = draw(SHORT)
    return cells


def test_only_whole_rows_of_an_odd_file_are_recorded(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str, tmp_path: Path
) -> None:
    file, seen = tmp_path / "labs.csv", set()

    def recorded() -> int:
        return int(postgres.sql("SELECT count(*) FROM lab_result", database_name))

    @settings(
        max_examples=6,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @example([[*GOOD[:3], odd, *GOOD[4:]] for odd in BREAKS])
    @example([[*GOOD[:1], "\x00", *GOOD[2:]], ["\x00", *GOOD[1:]], [*GOOD[:2], "1e999999999", *GOOD[3:]]])
    @given(st.lists(rows(), min_size=30, max_size=60))
    def imported(table: list[list[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([COLUMNS, *table])
        file.write_text(text.getvalue(), "utf-8", "replace")
        before = recorded()
        done = house("labs", "import", str(file))
        assert done.status in (0, 1, 2), done.err
        assert "Traceback" not in done.err
        outcomes = [row["outcome"] for row in csv.DictReader(io.StringIO(done.out))]
        assert len(outcomes) == (0 if done.status == 2 else len(table))
        assert recorded() == before + sum(one in ("recorded", "corrected") for one in outcomes)
        seen.update(outcomes)

    imported()
    assert {"", "recorded", "same"} <= seen, "nothing was taken, or nothing was refused"


INSTANTS = st.builds(
    "{:04}-{:02}-{:02}T{:02}:{:02}{}".format,
    *(st.integers(0, most) for most in (9999, 13, 32, 24, 60)),
    SHORT,
)


@given(SHORT | INSTANTS)
@example("0001-01-01T00:00+23:59")
@example("9999-12-31T23:59-23:59")
@example("2026-11-22T00:00Z")
def test_an_odd_instant_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Misconfigured):
        assert _instant(text).tzinfo is UTC


def test_an_instant_beyond_the_calendar_is_refused_in_a_line(house: Shell) -> None:
    said = house.refused(
        "report", "compliance", "--study", "nct04217967", "--as-of", "0001-01-01T00:00+23:59"
    )
    assert said.startswith("--as-of")
