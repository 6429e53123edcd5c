"""docs/add-an-event.md: its diffs apply to this version, what they add works, and nothing is left out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs/add-an-event.md"

CLIENTS = "client or nodes_position"
"""The tests that run the clients of the docs, for which Node.js and a browser are needed."""

ASKED_FOR = (
    "tests/journeys/test_delay.py",
    "tests/house",
    "tests/docs/test_architecture.py",
    "tests/docs/test_snippets.py",
    "tests/domain/test_events.py",
)
"""Its own test, and those that ask for what a new event needs beside its code."""


def diffs() -> str:
    """Every step's diff, one after the other."""
    text = DOC.read_text(encoding="utf-8")
    found = re.findall(r"^(`{3,})diff\n(.*?)^\1$", text, re.DOTALL | re.MULTILINE)
    return "\n".join(diff for _, diff in found)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which a reader has done every step."""
    copy = tmp_path_factory.mktemp("followed")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    shutil.copytree(ROOT / "static/vendor", copy / "static/vendor")  # installed, so in no list of git's
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    subprocess.run(["git", "apply", "-"], input=diffs(), text=True, cwd=copy, check=True)
    return copy


def in_copy(copy: Path, *command: str) -> tuple[int, str]:
    """How a module of Python's ended there, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=copy,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stdout


def test_the_steps_apply_and_the_tests_pass(followed: Path) -> None:
    """As a reader would do it: its own test is green, and none that asks for more is red."""
    code, said = in_copy(
        followed, "pytest", "-q", "-p", "no:cacheprovider", "-k", f"not ({CLIENTS})", *ASKED_FOR
    )
    assert (code, "passed" in said) == (0, True), said


@pytest.mark.parametrize("style", [("check",), ("format", "--check")])
def test_what_the_steps_add_is_in_style(followed: Path, style: tuple[str, ...]) -> None:
    """Ruff has nothing to say of the modules that they change."""
    changed = re.findall(r"^\+\+\+ b/(.+\.py)$", diffs(), re.MULTILINE)
    code, said = in_copy(followed, "ruff", *style, "--no-cache", *changed)
    assert code == 0, said


def test_there_is_a_step_for_every_room() -> None:
    """From the event to the test, each room on the way is walked through."""
    rooms = {"domain/events", "domain/fold", "domain/decisions", "actions", "web/staff", "show/views", "docs"}
    changed = set(re.findall(r"^\+\+\+ b/(?:quart_app/)?(.+?)(?:\.py|\.html)?$", diffs(), re.MULTILINE))
    missing = {room for room in rooms if not any(path.startswith(room) for path in changed)}
    assert (missing, "tests/journeys/test_delay" in changed) == (set(), True)
