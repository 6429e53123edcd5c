"""No module outgrows one sitting of reading."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 400


def oversized(sources: dict[str, str]) -> list[str]:
    """A line for each path whose text is over LINES_MAX lines long."""
    counts = {path: len(text.splitlines()) for path, text in sources.items()}
    return [f"{path} has {count} lines" for path, count in counts.items() if count > LINES_MAX]


def test_the_checker_sees_one_line_too_many() -> None:
    """The limit itself is allowed, one line more is not."""
    sources = {"fits.py": "x\n" * LINES_MAX, "long.py": "x\n" * (LINES_MAX + 1)}
    assert oversized(sources) == ["long.py has 401 lines"]


def test_no_module_is_over_400_lines() -> None:
    """Every module of quart_app keeps to the limit."""
    paths = sorted((ROOT / "quart_app").rglob("*.py"))
    assert paths, "found no module to measure"
    found = oversized({path.relative_to(ROOT).as_posix(): path.read_text() for path in paths})
    assert found == [], "\n".join(found)
