"""docs/architecture.md leads to what is there: each function of its journey, each file that the docs name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def journey() -> list[tuple[str, str]]:
    """The (module, function) of every stop in the tables of a score's and a join's journey."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| [^|]+ \| `(quart_app/[\w/]+\.py)` \| `([\w.]+)` \|", text, re.MULTILINE)


def defined(tree: ast.Module) -> set[str]:
    """The functions of a module, and the methods of its classes as Class.method."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (
                child for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            )
            names |= {f"{node.name}.{child.name}" for child in inner}
    return names


def test_the_journey_is_long_enough_to_be_one() -> None:
    """The tables are found, from the door to the socket and from the connection to the welcome."""
    stops = [function for _, function in journey()]
    socket = stops.index("SocketWire.write")
    assert (socket >= 12, stops[:2]) == (True, ["_check_origin", "post_score"])
    assert (len(stops) - socket >= 6, stops[-1]) == (True, "Greetings.seat")


@pytest.mark.parametrize(("module", "function"), journey())
def test_every_stop_of_the_journey_is_there(module: str, function: str) -> None:
    """Whoever follows the table finds each function in its module."""
    assert function in defined(ast.parse((ROOT / module).read_text(encoding="utf-8")))


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(doc: Path) -> None:
    """Each relative link names a file that is there, and each anchor a heading of it."""
    broken = []
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", doc.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        file = doc.parent / name if name else doc
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(file: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    code = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", code.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
