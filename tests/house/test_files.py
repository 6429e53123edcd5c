"""What no file of the project may contain: a note to self, one machine's path, a registry's address."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written in pieces, so that this file passes its own check.
UNFINISHED = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("yarnpkg", "com"),
            ("debian", "org"),
            ("unpkg", "com"),
            ("jsdelivr", "net"),
        ]
    ),
    re.IGNORECASE,
)
MACHINE = re.compile(
    r"(?<![\w.>\]}])/(?:"
    + "|".join(["wo" + "rk", "ro" + "ot", "tmp/bash" + "_jobs", "opt/whe" + "els"])
    + r")/"
    r"|\.\./sha" + "red"
)
RULES = {"is unfinished": UNFINISHED, "names a registry": REGISTRIES, "names a machine's path": MACHINE}

BINARY = {f"tests/fixtures/{name}.gz" for name in ("backup-0.1.0", "replay-0.1.0.json", "pages-0.1.0.json")}


def blemishes(path: str, text: str) -> list[str]:
    """Each rule that a line of a file breaks, as path:line: the rule and what broke it."""
    return [
        f"{path}:{number}: {rule}: {found.group()}"
        for number, line in enumerate(text.splitlines(), 1)
        for rule, pattern in RULES.items()
        if (found := pattern.search(line))
    ]


def project_files() -> list[Path]:
    """Every file that is committed, or would be by `git add --all`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("# TO" + "DO: later", "is unfinished"),
        ("# FIX" + "ME", "is unfinished"),
        ("resolved https://registry.npm" + "js.org/htmx", "names a registry"),
        ("--index-url https://py" + "pi.org/simple", "names a registry"),
        ("open('/wo" + "rk/main/README.md')", "names a machine's path"),
        ("see ../sha" + "red/design", "names a machine's path"),
    ],
)
def test_the_checker_sees_a_blemish(text: str, rule: str) -> None:
    """Each rule can fail."""
    assert [line for line in blemishes("a.txt", f"fine\n{text}\n") if line.startswith(f"a.txt:2: {rule}")]


def test_the_checker_lets_prose_pass() -> None:
    """Words and paths that only resemble the forbidden ones are fine."""
    assert blemishes("a.txt", "frame/wo" + "rk/s\nstatic/vendor/\nmethod and todos\n/healthz\n") == []


def test_no_file_has_a_blemish() -> None:
    """Every text file of the project is finished and says nothing about the machine that it was made on."""
    files = project_files()
    assert files, "found no file to read"
    found: list[str] = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        try:
            found += blemishes(name, path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            if name not in BINARY:
                found.append(f"{name}: is no text, and so perhaps a stray package")
    assert found == [], "\n".join(found)
