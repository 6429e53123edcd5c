"""The docs name what the code has: each setting, route and metric; and each public thing has a docstring."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from quart_app.app import create_app
from quart_app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def unnamed(words: Iterable[str], text: str) -> list[str]:
    """The words that the text does not contain as whole words, in order."""
    return sorted(word for word in set(words) if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def unnamed_routes(rules: Iterable[str], text: str) -> list[str]:
    """The routes that the text does not spell in full; how a placeholder is called does not matter."""
    placeholder = re.compile(r"<[^<>]*>")
    named = set(re.findall(r"(?<![\w…>])/[\w<>./-]*", placeholder.sub("<>", text)))
    named |= {path.rstrip(".") for path in named}
    return sorted(rule for rule in set(rules) if placeholder.sub("<>", rule) not in named)


def metric_names(source: str) -> set[str]:
    """Every string in a module that is the name of a metric."""
    strings = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {
        text for text in strings if isinstance(text, str) and re.fullmatch(r"grandstand_[a-z0-9_]+", text)
    }


def public_parts(node: Documented, name: str) -> Iterator[tuple[str, Documented]]:
    """A module or class, and the public classes, functions and methods in it, each with its dotted name."""
    yield name, node
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = {ast.unparse(mark).rpartition(".")[2] for mark in child.decorator_list}
        if child.name.startswith("_") or marks & {"overload", "setter", "deleter"}:
            continue
        if isinstance(child, ast.ClassDef):
            yield from public_parts(child, f"{name}.{child.name}")
        else:
            yield f"{name}.{child.name}", child


def undocumented(sources: dict[str, str]) -> list[str]:
    """Each public module, class, function and method without a docstring, in the given path → source."""
    return [
        name
        for path, text in sources.items()
        for name, node in public_parts(ast.parse(text), path)
        if not ast.get_docstring(node)
    ]


def read(*names: str) -> str:
    """The text of the named docs, one after the other; those that are not there have none."""
    return "\n".join(path.read_text() for name in names if (path := ROOT / name).exists())


def test_the_checker_sees_an_unnamed_word() -> None:
    """A longer word does not name a shorter one."""
    words = ["GRANDSTAND_PORT", "GRANDSTAND_HOST"]
    assert unnamed(words, "| `GRANDSTAND_PORT` |\n| `GRANDSTAND_HOST_NAME` |") == ["GRANDSTAND_HOST"]


@pytest.mark.parametrize("text", ["see `GET /api/x/<id>/y/`", "curl /api/x/", "`POST …/y/`", "/api/x/<id>/"])
def test_the_checker_sees_an_unnamed_route(text: str) -> None:
    """A route is named by its whole path only: neither a longer, a shorter nor an abbreviated one will do."""
    rules = ["/api/x/<int:tournament_id>/", "/api/x/<int:tournament_id>/y/", "/api/x/"]
    assert len(unnamed_routes(rules, text)) == 2 + (text == "`POST …/y/`")


def test_the_checker_takes_any_placeholder_and_query() -> None:
    """`<id>` in the docs names `<int:tournament_id>` in the code, and a query may follow."""
    assert unnamed_routes(["/api/x/<int:tournament_id>/"], "`GET /api/x/<id>/?after=<seq>`.") == []


def test_the_checker_sees_metrics() -> None:
    """A metric is a whole string, not a word in a sentence."""
    source = (
        '"""About grandstand_things."""\nx = Counter("grandstand_frames_total", "Frames of grandstand_x.")'
    )
    assert metric_names(source) == {"grandstand_frames_total"}


def test_the_checker_sees_a_missing_docstring() -> None:
    """Modules, classes, functions and methods need one; what is private, nested or an overload does not."""
    source = (
        "class A:\n  def b(self):\n    def c(): ...\n  def _d(self): ...\nasync def e(): ...\ndef _f(): ...\n"
    )
    assert undocumented({"m": source}) == ["m", "m.A", "m.A.b", "m.e"]
    assert undocumented({"m": '"""M."""\n@typing.overload\ndef f(): ...\ndef f():\n  """F."""\n'}) == []


def test_readme_names_every_setting() -> None:
    """Each environment variable that Settings reads stands in README."""
    names = [field.metadata["env"] for field in fields(Settings) if "env" in field.metadata]
    assert names, "found no setting"
    missing = unnamed(names, read("README.md"))
    assert missing == [], "README.md does not name\n" + "\n".join(missing)


def test_docs_name_every_route() -> None:
    """Each path that the app answers stands in README or the docs of the feed and the API.

    The static files' own route is no part of what the app promises.
    """
    rules = create_app(Settings.for_tests()).url_map.iter_rules()
    paths = [rule.rule for rule in rules if rule.endpoint.rpartition(".")[2] != "static"]
    assert paths, "found no route"
    missing = unnamed_routes(paths, read("README.md", "docs/feed.md", "docs/api.md"))
    assert missing == [], "neither README.md, docs/feed.md nor docs/api.md names\n" + "\n".join(missing)


def test_docs_name_every_metric() -> None:
    """Each metric stands in the docs for operators."""
    names = metric_names((ROOT / "quart_app/telemetry.py").read_text())
    assert names, "found no metric"
    missing = unnamed(names, read("docs/operations.md"))
    assert missing == [], "docs/operations.md does not name\n" + "\n".join(missing)


def test_everything_public_has_a_docstring() -> None:
    """Each public module, class, function and method says what it promises."""
    paths = sorted((ROOT / "quart_app").rglob("*.py"))
    assert paths, "found no module to read"
    bare = undocumented({path.relative_to(ROOT).as_posix(): path.read_text() for path in paths})
    assert bare == [], "no docstring:\n" + "\n".join(bare)
