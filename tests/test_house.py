"""The house rules that a machine can check. Each test says why the rule is there; failures name lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = ("bot", "schedules")
EVERYTHING = (*CODE, "tests", "benchmarks", "locales", "docs", ".ci")
LONGEST_FILE, LONGEST_FUNCTION = 300, 60
THE_CLOCK = "bot/db/migrations/versions/0001_clock.py"
GROWING = {"bot/dialogue/run.py"}  # one turn while it is being made; it leaves as a frozen Turn
Node = TypeVar("Node", bound=ast.AST)


def files(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    found = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in suffixes]
    return sorted(file for file in found if file.is_file() and "__pycache__" not in file.parts)


def at(file: Path, line: int, what: str) -> str:
    return f"{file.relative_to(ROOT)}:{line} {what}"


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def walked(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(file)))


def nodes(file: Path, kind: type[Node]) -> Iterator[Node]:
    return (node for node in walked(file) if isinstance(node, kind))


def test_there_is_something_to_check() -> None:
    """A wrong path would make every rule below hold."""
    assert len(files(*CODE)) > 10
    assert Path(__file__).resolve() in files("tests")


def test_files_are_short() -> None:
    """A file that needs scrolling for minutes holds more than one thing."""
    kinds = (".py", ".html", ".js", ".css", ".toml", ".mako")
    lengths = [
        (file, len(file.read_text(encoding="utf-8").splitlines()))
        for file in files(*EVERYTHING, suffixes=kinds)
    ]
    assert [at(file, length, "lines") for file, length in lengths if length > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    """About ten lines is the habit; what is longer than a screen hides its cases."""
    long = [
        at(file, node.lineno, f"{node.name} has {length} lines")
        for file in files(*CODE, "tests", "benchmarks")
        for node in nodes(file, ast.stmt)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def test_names_of_files_and_folders_say_what_they_hold() -> None:
    """`utils` is where things go that nobody will find again."""
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
    found = [path for folder in EVERYTHING for path in (ROOT / folder).rglob("*") if path.stem in empty]
    assert [str(path.relative_to(ROOT)) for path in found] == []


def test_every_module_says_what_it_is_for() -> None:
    """What for, and what it must never do. An empty `__init__.py` has nothing to say."""
    mute = [
        file
        for file in files(*CODE, "tests", "benchmarks")
        if tree(file).body and not ast.get_docstring(tree(file))
    ]
    assert [at(file, 1, "has no docstring") for file in mute] == []


def test_the_database_has_one_clock() -> None:
    """A rehearsal moves suiyao_now(); asking PostgreSQL's own clock would stay behind, and zones are ours."""
    clock = re.compile(
        r"\bnow\s*\(\s*\)|\bcurrent_(timestamp|date|time)\b|\blocal(timestamp|time)\b|\bat\s+time\s+zone\b"
        r"|\b(clock|statement|transaction)_timestamp\s*\(",
        re.IGNORECASE,
    )
    asking = [
        at(file, node.lineno, repr(found[0]))
        for file in files(*CODE)
        if str(file.relative_to(ROOT)) != THE_CLOCK
        for node in nodes(file, ast.Constant)
        if isinstance(node.value, str)
        and not is_docstring(file, node)
        and (found := clock.search(node.value))
    ]
    calls = [
        at(file, node.lineno, f"func.{node.attr}")
        for file in files(*CODE)
        for node in nodes(file, ast.Attribute)
        if isinstance(node.value, ast.Name) and node.value.id == "func" and clock.search(f"{node.attr}()")
    ]
    assert asking + calls == []


def is_docstring(file: Path, constant: ast.Constant) -> bool:
    return constant in bare_strings(file)


@cache
def bare_strings(file: Path) -> frozenset[ast.expr]:
    return frozenset(statement.value for statement in nodes(file, ast.Expr))


def test_no_code_asks_the_machine_for_the_time_or_the_environment() -> None:
    """The time is an argument, so that every rule can be tried at any instant; settings are bot.settings'."""
    forbidden = re.compile(
        r"^(datetime\.)?(datetime|date)\.(now|utcnow|today)$|^time\.time(_ns)?$|^os\.(environb?|getenv)$"
    )
    asking = [
        at(file, node.lineno, ast.unparse(node))
        for file in files(*CODE)
        if file
        not in (
            ROOT / "bot/settings.py",
            ROOT / "bot/rehearsal/bot_api/world.py",  # the clock of Telegram's server
            ROOT / "bot/rehearsal/real/stepping.py",  # a clock that is wrong on purpose
        )
        for node in nodes(file, ast.Attribute)
        if forbidden.match(ast.unparse(node))
    ]
    assert asking == []


def test_values_of_the_pure_packages_cannot_change() -> None:
    """Pure code decides over values; a value that somebody else can change decides nothing."""
    open_to_change = [
        at(file, node.lineno, f"{node.name}: {ast.unparse(decorator)}")
        for file in [*files("schedules", "bot/dialogue", "bot/symptoms"), ROOT / "bot/messages.py"]
        if str(file.relative_to(ROOT)) not in GROWING
        for node in nodes(file, ast.ClassDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator).startswith("dataclass") and "frozen=True" not in ast.unparse(decorator)
    ]
    assert open_to_change == []


def test_logs_are_a_fixed_sentence_and_ids() -> None:
    """A log leaves the house. A sentence made at run time is how a patient's words would get into it."""
    wrong = [
        at(file, call.lineno, ast.unparse(call)[:80])
        for file in files(*CODE)
        for call in nodes(file, ast.Call)
        if is_log(call.func) and not is_fixed(call)
    ]
    assert wrong == []


def is_log(function: ast.expr) -> bool:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    return (
        isinstance(function, ast.Attribute)
        and function.attr in levels
        and bool(re.fullmatch(r"_?(log|logger|logging)", ast.unparse(function.value), re.IGNORECASE))
    )


def is_fixed(call: ast.Call) -> bool:
    sentence = len(call.args) == 1 and isinstance(call.args[0], ast.Constant)
    return sentence and "extra" in [keyword.arg for keyword in call.keywords]


def test_exceptions_to_the_tools_give_their_reason() -> None:
    """`# noqa` and `# type: ignore` switch a colleague off; whoever does it says why, on the same line."""
    mark = re.compile(r"#\s*(noqa|type:\s*ignore)(:\s*[A-Z0-9, ]+|\[[a-z, -]+\])?\s*(?P<reason>.*)")
    mute = [
        at(file, number, line.strip())
        for file in files(*CODE, "tests", "benchmarks")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if file != Path(__file__).resolve() and (found := mark.search(line)) and len(found["reason"]) < 5
    ]
    assert mute == []


def test_no_test_is_switched_off() -> None:
    """A skipped test is a green lie. Only the browser fixture may leave some out, and the summary says so."""
    off = re.compile(r"mark\.(skip|skipif|xfail)|pytest\.(skip|xfail|importorskip)\(")
    found = [
        at(file, number, line.strip())
        for file in files("tests")
        if file not in {Path(__file__).resolve(), ROOT / "tests/conftest.py"}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if off.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (
            r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
            "work that is known and not done belongs into the tracker",
        ),
        (
            r"(pypi|npmjs|pythonhosted)\." + r"(org|com)|deb\.debian" + r"\.org",
            "an index is the installer's choice",
        ),
        (
            r"index-" + r"url|\.\./" + r"shared|(^|[^a-z.])/(work|root|farm)" + r"/",
            "paths of one machine mean nothing on another",
        ),
    ],
)
def test_words_that_do_not_belong_here(pattern: str, why: str) -> None:
    """What is about the making or about one machine is not part of the product."""
    kinds = (
        "",
        ".py",
        ".toml",
        ".md",
        ".yml",
        ".html",
        ".js",
        ".css",
        ".po",
        ".lock",
        ".mako",
        ".txt",
        ".sh",
    )
    places = [*files(*EVERYTHING, suffixes=kinds), *(path for path in ROOT.iterdir() if path.is_file())]
    found = [
        at(file, number, line.strip()[:80])
        for file in places
        if file.name != ".git"
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == [], why
