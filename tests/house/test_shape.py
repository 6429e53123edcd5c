"""The shape of the house: no circle, no crowded folder, no long module, no name for two things."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.house.test_imports import imports, module_name

ROOT = Path(__file__).resolve().parents[2]
MODULES_MAX = 8
LINES_MAX = 300


def sources(root: Path = ROOT) -> dict[str, str]:
    """Every module of the package, path → text."""
    paths = sorted((root / "quart_app").rglob("*.py"))
    return {path.relative_to(root).as_posix(): path.read_text() for path in paths}


def arrows(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Which module imports which, by dotted names."""
    modules = {module_name(path) for path in texts}
    found: dict[str, set[str]] = defaultdict(set)
    for path, text in texts.items():
        for each in imports(path, ast.parse(text)):
            target = each.target if each.target in modules else each.target.rpartition(".")[0]
            if target in modules and target != module_name(path):
                found[module_name(path)].add(target)
    return found


def between_folders(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """The same between folders that lie beside each other; a folder and what it holds are one."""
    folders = {module_name(path): Path(path).parent.as_posix().replace("/", ".") for path in texts}
    found: dict[str, set[str]] = defaultdict(set)
    for module, targets in arrows(texts).items():
        for target in targets:
            here, there = folders[module], folders[target]
            if not f"{here}.".startswith(f"{there}.") and not f"{there}.".startswith(f"{here}."):
                found[here].add(there)
    return found


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Some way from a node back to itself, [] where there is none."""
    done: set[str] = set()

    def visit(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for following in sorted(graph.get(node, ())):
            if found := visit(following, [*way, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node, []))), [])


def crowded(texts: Mapping[str, str]) -> list[str]:
    """The folders with more than MODULES_MAX modules; what only opens a folder does not count."""
    counts = Counter(Path(path).parent.as_posix() for path in texts if not Path(path).name.startswith("__"))
    return [f"{folder} has {count} modules" for folder, count in counts.items() if count > MODULES_MAX]


def named_twice(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The public classes that two modules define."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, text in texts.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path)
    return {name: paths for name, paths in places.items() if len(paths) > 1}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"quart_app/a.py": "from quart_app import b", "quart_app/b.py": "from quart_app.a import x"}, True),
        ({"quart_app/a.py": "from quart_app import b", "quart_app/b.py": ""}, False),
    ],
)
def test_the_checker_sees_a_circle(texts: dict[str, str], found: bool) -> None:
    """Two modules that import each other are one; one that imports another is none."""
    assert bool(circle(arrows(texts))) is found


def test_the_checker_sees_a_circle_of_folders() -> None:
    """No module of this is in a circle, and yet the folders are."""
    texts = {
        "quart_app/a/one.py": "from quart_app.b import two",
        "quart_app/b/two.py": "",
        "quart_app/b/three.py": "from quart_app.a import four",
        "quart_app/a/four.py": "",
    }
    assert (circle(arrows(texts)), circle(between_folders(texts))) == (
        [],
        ["quart_app.a", "quart_app.b", "quart_app.a"],
    )


def test_the_checker_sees_a_crowd_and_a_name_twice() -> None:
    """Eight modules are a folder, nine a drawer; a class is one thing."""
    nine = {f"quart_app/a/{number}.py": f"class C{number % 8}: ..." for number in range(9)}
    assert crowded(nine) == ["quart_app/a has 9 modules"]
    assert crowded({path: text for path, text in nine.items() if "8" not in path}) == []
    assert list(named_twice(nine)) == ["C0"]


def test_no_arrow_leads_back() -> None:
    """Neither modules nor folders import each other in a circle."""
    texts = sources()
    assert len(texts) > 100
    assert (circle(arrows(texts)), circle(between_folders(texts))) == ([], [])


def test_no_folder_is_a_drawer() -> None:
    """Nobody has to search a folder."""
    assert crowded(sources()) == []


def test_no_noun_names_two_things() -> None:
    """A class that is spoken of is one class."""
    assert named_twice(sources()) == {}


@pytest.mark.parametrize(("folder", "most"), [("quart_app", LINES_MAX), ("tests", 400)])
def test_no_module_outgrows_one_sitting(folder: str, most: int) -> None:
    """Whoever opens a module can read it whole."""
    counts = {path: len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert counts
    assert {path.name: count for path, count in counts.items() if count > most} == {}
