"""No address is spelled from the root but in ``show/paths.py``: below a base path it would lead out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from quart_app.readers import OWN_SEGMENTS

ROOT = Path(__file__).resolve().parents[2]
EXEMPT = {"quart_app/show/paths.py"}
"""The one place."""

OWN = rf"/(?:{'|'.join(sorted(OWN_SEGMENTS))})\b"
"""What a path of ours begins with."""

IN_TEMPLATE = re.compile(rf"""=["'](?P<value>/[^"']*)|(?<!at\()["'](?P<text>{OWN}[^"']*)""")
IN_SCRIPT = re.compile(r"""["'`](/(?:[\w?#$][^"'`]*)?)["'`]""")
IN_SHEET = re.compile(r"""url\(\s*["']?(/[^)]*)""")


def spelled(path: str, text: str) -> list[str]:
    """The addresses that a template, script, sheet or module spells from the root."""
    if path.endswith(".py"):
        return [*in_module(ast.parse(text))]
    pattern = {".html": IN_TEMPLATE, ".js": IN_SCRIPT, ".css": IN_SHEET}[Path(path).suffix]
    return [found[found.lastindex or 0] for found in pattern.finditer(text)]


def in_module(tree: ast.AST) -> Iterator[str]:
    """The same of what a module's functions write, which is not given to ``at``.

    What stands outside functions, and in decorators, are routes; ``startswith`` reads a request's path. "/"
    alone is an address where somebody is sent to it.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    nodes = [node for function in functions for body in function.body for node in ast.walk(body)]
    calls = [
        (ast.unparse(node.func).rpartition(".")[2], node) for node in nodes if isinstance(node, ast.Call)
    ]
    given = {part for name, call in calls if name in ("at", "startswith") for part in ast.walk(call)}
    for text in (_beginning(node) for node in nodes if node not in given):
        if text is not None and re.match(OWN, text):
            yield text
    for text in (_beginning(call.args[0]) for name, call in calls if name == "redirect"):
        if text == "/":
            yield text


def _beginning(node: ast.AST) -> str | None:
    """What a literal text begins with; None for anything else."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def files() -> Iterator[tuple[str, str]]:
    """All of ours that may write an address."""
    for folder, kind in (("templates", "html"), ("static", "js"), ("static", "css"), ("quart_app", "py")):
        for path in sorted((ROOT / folder).rglob(f"*.{kind}")):
            name = path.relative_to(ROOT).as_posix()
            if "vendor" not in path.parts and name not in EXEMPT:
                yield name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.html", '<a href="/">'),
        ("a.html", '<a href="/staff/">'),
        ("a.html", '<a href="/?before=7">'),
        ("a.html", '<form action="/staff{{ header.path }}late/">'),
        ("a.html", '<form action="/{{ here }}">'),
        ("a.html", "{{ link('/api/docs') }}"),
        ("a.html", '{% set here = "/staff" ~ m.path %}'),
        ("a.js", "fetch(`/api/${id}/`)"),
        ("a.js", "location = '/'"),
        ("a.css", "url(/static/a.svg)"),
        ("a.py", "def f():\n  return redirect('/', 303)"),
        ("a.py", "def f():\n  return redirect('/staff/', 303)"),
        ("a.py", "def f():\n  return Answer(url=f'/api/tournaments/{n}/')"),
    ],
)
def test_the_checker_sees_an_address_from_the_root(path: str, text: str) -> None:
    """In each language, as it was once spelled."""
    assert spelled(path, text) != []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.html", '<a href="{{ at(\'/staff/\') }}" hx-get="{{ header.path }}x/"><path d="M2 5h5"/></a>'),
        ("a.html", '{{ at("/") }}{% if names.split("/") %}<a href="#main">Up</a> 1/2 "and/or" {% endif %}'),
        ("a.js", "fetch(new URL(`api/tournaments/${id}/`, site)); '1/2'; /[/]sse/"),
        ("a.css", "url(data:image/svg+xml,/static/) url(fonts/a.woff2)"),
        ("a.py", "TOURNAMENTS = '/api/tournaments/'\n@blueprint.get('/staff/')\ndef f():\n  at('/staff/')"),
        ("a.py", "def f(text):\n  at(f'/api/{n}/'); path.startswith('/sse/'); text.rstrip('/')"),
    ],
)
def test_the_checker_lets_the_rest_pass(path: str, text: str) -> None:
    """Addresses by ``at``, routes, and slashes that are none."""
    assert spelled(path, text) == []


def test_no_address_is_spelled_from_the_root() -> None:
    """Nowhere but in the one place."""
    seen = [*files()]
    assert len(seen) > 150
    found = [f"{path}: {address}" for path, text in seen for address in spelled(path, text)]
    assert found == [], "write these with at(…), see quart_app/show/paths.py:\n" + "\n".join(found)
