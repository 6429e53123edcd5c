"""docs/add-an-event.md: its diffs apply to this version, and what they add works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs/add-an-event.md"
TAKEN = ("quart_app", "templates", "static", "tests", "pyproject.toml")


def diffs() -> str:
    """Every step's diff, one after the other."""
    text = DOC.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```diff\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


def test_the_steps_apply_and_their_test_passes(tmp_path: Path) -> None:
    """In a copy of the project, as a reader would do it."""
    for name in TAKEN:
        taken = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        taken(ROOT / name, tmp_path / name)
    subprocess.run(["git", "apply", "-"], input=diffs(), text=True, cwd=tmp_path, check=True)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/journeys/test_delay.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, "1 passed" in ran.stdout) == (0, True), ran.stdout


def test_there_is_a_step_for_every_room() -> None:
    """From the event to the test, each room on the way is walked through."""
    rooms = {"domain/events", "domain/fold", "domain/decisions", "actions", "web/staff", "show/views"}
    changed = set(re.findall(r"^\+\+\+ b/(?:quart_app/)?(.+?)(?:\.py|\.html)?$", diffs(), re.MULTILINE))
    missing = {room for room in rooms if not any(path.startswith(room) for path in changed)}
    assert (missing, "tests/journeys/test_delay" in changed) == (set(), True)
