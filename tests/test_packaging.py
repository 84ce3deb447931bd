"""What is installed and how it is run: locks, README's table, Makefile, CI, image and compose file.

No container engine is at hand in the tests: the two container files are read and checked.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import SETTINGS, settings_table

ROOT = Path(__file__).resolve().parent.parent
NAMES = {setting.name for setting in SETTINGS}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEYS|DATABASE_URL|SMTP_URL")
LOCKS = ("requirements.lock", "requirements-dev.lock")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pinned(lock: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", read(lock), re.MULTILINE)
    return {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found}


def wanted(*groups: str) -> set[str]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    listed = project["dependencies"] + [
        one for group in groups for one in project["optional-dependencies"][group]
    ]
    names = [re.split(r"[\[<>=! ]", one, maxsplit=1)[0] for one in listed]
    return {name.lower().replace("_", "-").replace(".", "-") for name in names}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(read("docker-compose.yml"))
    return loaded


def dockerfile(word: str) -> list[str]:
    lines = read("Dockerfile").replace("\\\n", " ").splitlines()
    return [line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{word} ")]


def test_readme_has_the_table_of_settings() -> None:
    table = settings_table()
    between = re.search(
        r"<!-- settings:begin -->\n(.*?)\n<!-- settings:end -->", read("README.md"), re.DOTALL
    )
    assert between is not None, (
        f"README.md needs, between two marks:\n<!-- settings:begin -->\n{table}\n<!-- settings:end -->"
    )
    assert between[1].strip() == table, f"paste this between README.md's marks:\n{table}"


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_host_and_pins_everything_by_hash(lock: str) -> None:
    assert "://" not in read(lock)
    for requirement in re.split(r"\n(?=\S)", read(lock).strip()):
        assert re.match(r"[\w.\[\]-]+==\S+.*\\\n(\s+--hash=sha256:[0-9a-f]{64}( \\)?\n?)+", requirement), (
            requirement[:80]
        )


def test_locks_hold_what_the_project_asks_for() -> None:
    run, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert wanted("build") <= set(run)
    assert wanted("build", "real", "dev", "bench") <= set(dev)
    assert {name: dev.get(name) for name in run} == run, "tests must run what is shipped"


def test_run_time_lock_is_lean_and_has_its_own_time_zones() -> None:
    """httpx loads its whole command line where rich is installed; a system's time zones may be years old."""
    run = pinned("requirements.lock")
    assert "rich" not in run
    assert "pytest" not in run
    assert "tzdata" in run


def test_texts_and_studies_lie_where_the_code_looks_for_them() -> None:
    import bot

    beside = Path(bot.__file__ or "").resolve().parent.parent
    assert (beside / "locales").is_dir()
    assert (beside / "schedules" / "studies").is_dir()
    copied = {line.split()[0] for line in dockerfile("COPY")}
    assert {"bot", "schedules", "locales"} <= copied


def test_command_is_installed_under_its_name() -> None:
    assert tomllib.loads(read("pyproject.toml"))["project"]["scripts"] == {"suiyao": "bot.__main__:main"}


@pytest.mark.parametrize("target", ["demo", "demo-reset", "test", "check", "bench", "lock"])
def test_makefile_has(target: str) -> None:
    assert re.search(rf"^{target}:", read("Makefile"), re.MULTILINE)


def test_ci_runs_both_and_stops_at_the_first_fault() -> None:
    script = read(".ci/run")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "set -euo pipefail" in script
    assert script.index("\nmake check") < script.index("\nmake test")
    assert re.search(r"^export CI=1$", script, re.MULTILINE)


def test_image_installs_by_hash_and_is_not_root() -> None:
    assert any("--require-hashes -r requirements.lock" in line for line in dockerfile("RUN"))
    assert dockerfile("USER")[-1].split(":")[0] not in {"root", "0"}
    assert dockerfile("FROM")[0].startswith("python:3.11-slim")
    assert read("Dockerfile").rindex("\nUSER ") > read("Dockerfile").rindex("\nRUN ")


def test_image_is_asked_for_its_health() -> None:
    assert "/healthz" in dockerfile("HEALTHCHECK")[0]


def test_container_files_use_only_settings_that_exist() -> None:
    text = read("Dockerfile") + read("docker-compose.yml")
    used = set(re.findall(r"SUIYAO_[A-Z_]+", text))
    assert used
    assert {name.removesuffix("_FILE") for name in used} <= NAMES


def test_compose_runs_postgres_18_on_a_volume() -> None:
    postgres = compose()["services"]["postgres"]
    assert postgres["image"] == "postgres:18"
    assert postgres["healthcheck"]["test"]
    assert postgres["volumes"] == ["database:/var/lib/postgresql"], (
        "from 18 on the image keeps its data below this folder"
    )
    assert "ports" not in postgres


def test_compose_migrates_before_it_serves() -> None:
    services = compose()["services"]
    assert services["migrate"]["command"] == ["migrate"]
    assert services["bot"]["command"] == ["serve"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["bot"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_compose_gives_each_command_what_it_needs() -> None:
    for service, command in (("migrate", "migrate"), ("bot", "serve")):
        given = {name.removesuffix("_FILE") for name in compose()["services"][service]["environment"]}
        assert {setting.name for setting in SETTINGS if command in setting.required_for} <= given


def test_compose_takes_secrets_from_files_only() -> None:
    described = compose()
    for service in described["services"].values():
        for name, value in service["environment"].items():
            assert not SECRET.search(name) or (
                name.endswith("_FILE") and value.startswith("/run/secrets/")
            ), name
        mounted = {
            value.removeprefix("/run/secrets/")
            for name, value in service["environment"].items()
            if "_FILE" in name
        }
        assert mounted == set(service["secrets"])
    assert {source["file"] for source in described["secrets"].values()} == {
        f"./secrets/{n}" for n in described["secrets"]
    }
    assert "secrets/" in read(".gitignore").splitlines()


def test_compose_opens_the_bot_to_this_machine_only() -> None:
    assert compose()["services"]["bot"]["ports"] == ["127.0.0.1:8080:8080"]
