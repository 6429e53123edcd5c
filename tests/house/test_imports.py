"""The rooms' walls: which module may import what, read from the source with ast.

The rules are those of the architecture's map: imports run one way, and each library is known to the few
modules whose business it is.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# What each room may import of the others; its own modules it always may. Actions may also import the
# Protocol that live/bus/port.py defines, what they tell by it, and the hashing of passwords: nothing else of
# live and auth.
ACTIONS_ALSO = ("quart_app.auth.passwords", "quart_app.live.bus.port.StaffChanged")
LEAVES = {"readers", "errors", "database_url", "redis_url", "settings", "telemetry"}
ROOMS = {"domain", "store", "timeline", "actions", "show", "live", "auth", "web"}
MAY_IMPORT: dict[str, set[str]] = {
    "quart_app": set(),
    "errors": set(),
    "database_url": set(),
    "redis_url": set(),
    "readers": {"database_url", "redis_url"},
    "settings": {"readers", "errors"},
    "telemetry": {"errors", "settings"},
    "domain": {"errors"},
    "store": {"domain", *LEAVES},
    "timeline": {"errors", "domain", "store"},
    "actions": {"errors", "domain", "store", "timeline"},
    "demo": {"errors", "domain", "store", "actions"},
    "show": {"errors", "domain", "store", "timeline"},
    "live": {"domain", "timeline", *LEAVES},
    "auth": {"errors", "domain", "settings", "store"},
    "web": {"domain", "store", "timeline", "actions", "show", "live", "auth", *LEAVES},
    "app": {*ROOMS, *LEAVES},
    "serving": {"web", "errors", "settings"},
    "cli": {"app", "demo", "serving", *ROOMS, *LEAVES},
    "__main__": {"cli"},
}

# Who may know each library, as prefixes of module names. What is done to the insides of h11 stands in the
# express way alone.
FRONT = ("quart_app.web", "quart_app.app", "quart_app.serving")
STORE = ("quart_app.store",)
MAY_KNOW: dict[str, tuple[str, ...]] = {
    "quart": FRONT,
    "hypercorn": FRONT,
    "h11": ("quart_app.web.express",),
    "quart_auth": (*FRONT, "quart_app.auth"),
    "jinja2": ("quart_app.show",),
    "sqlalchemy": STORE,
    "alembic": STORE,
    "aiosqlite": STORE,
    "asyncpg": STORE,
    "py4swiss": ("quart_app.domain.pairing.dutch",),
    "redis": (
        "quart_app.redis_url",
        "quart_app.live.bus.redis",
        "quart_app.live.bus.links",
        "quart_app.live.bus.servers",
        "quart_app.live.crowd.presence",
    ),
}

# The domain is pure and synchronous: a clock, chance, the network or a thread would make its answers
# depend on more than the log.
IMPURE = {"asyncio", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "socket", "sqlite3"}
IMPURE |= {"subprocess", "threading", "time", "urllib", "uuid"}
PURE = {"msgspec", "py4swiss"}
CLOCK = {"now", "today", "utcnow"}

# A store function starts with its SQL verb.
WRITES = re.compile(r"(append|delete|insert|update|upsert)(_|$)")


@dataclass(frozen=True)
class Import:
    """One imported name: `target` is absolute and dotted, `hidden` says that it stands in a function."""

    target: str
    name: str
    line: int
    hidden: bool


def module_name(path: str) -> str:
    """The dotted name of the module in a file, from its path in the repository."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room(dotted: str) -> str:
    """The room of a dotted name in the package: its second part, or the package itself."""
    return [*dotted.split("."), ""][1] or "quart_app"


def within(dotted: str, prefixes: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the modules or packages, or lies inside one."""
    return any(dotted == prefix or dotted.startswith(f"{prefix}.") for prefix in prefixes)


def imports(path: str, tree: ast.Module) -> Iterator[Import]:
    """Every import of a module, wherever it stands; one under `if TYPE_CHECKING` counts but never hides."""
    package = module_name(path) if path.endswith("__init__.py") else module_name(path).rpartition(".")[0]

    def visit(node: ast.AST, hidden: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, alias.asname or alias.name.split(".")[0], node.lineno, hidden)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = ".".join(parents[: len(parents) + 1 - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                yield Import(f"{module}.{alias.name}", alias.asname or alias.name, node.lineno, hidden)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            hidden = True
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            hidden = False
        for child in ast.iter_child_nodes(node):
            yield from visit(child, hidden)

    return visit(tree, False)


def protocols(tree: ast.Module) -> set[str]:
    """The names of the Protocol classes that a module defines."""
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name for node in classes if any("Protocol" in ast.unparse(base) for base in node.bases)}


def import_breaches(module: str, found: Import, bus_protocols: set[str]) -> Iterator[str]:
    """What is wrong with one import of one module, in words."""
    own, library = room(module), found.target.split(".")[0]
    if found.hidden:
        yield f"hides the import of {found.target} in a function"
    if library == "quart_app":
        other = room(found.target)
        ports = (*(f"quart_app.live.bus.port.{name}" for name in bus_protocols), *ACTIONS_ALSO)
        port = own == "actions" and within(found.target, ports)
        if other != own and other not in MAY_IMPORT.get(own, set()) and not port:
            yield f"imports {found.target}: {own} may not know {other}"
        if own in {"web", "live"} and other == "store" and WRITES.match(found.target.rpartition(".")[2]):
            yield f"imports {found.target}: only actions write"
        return
    if library in MAY_KNOW and not within(module, MAY_KNOW[library]):
        yield f"imports {found.target}: {library} is not its business"
    elif own == "domain" and (library in IMPURE or library not in {*sys.stdlib_module_names, *PURE}):
        yield f"imports {found.target}: the domain is pure"
    elif own == "errors" and library not in sys.stdlib_module_names:
        yield f"imports {found.target}: errors know only the standard library"


def code_breaches(module: str, tree: ast.Module, found: list[Import]) -> Iterator[tuple[int, str]]:
    """What is wrong with the code of a module that its imports alone do not show: (line, words)."""
    own = room(module)
    stores = {each.name for each in found if within(each.target, STORE)}
    for node in ast.walk(tree):
        if own == "domain" and isinstance(
            node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
        ):
            yield node.lineno, "waits: the domain is synchronous"
        if not isinstance(node, ast.Attribute):
            continue
        owner = ast.unparse(node.value).rpartition(".")[2]
        if own == "domain" and node.attr in CLOCK and owner in {"datetime", "date"}:
            yield node.lineno, f"reads the clock with {owner}.{node.attr}: the domain is pure"
        if own in {"web", "live"} and owner in stores and WRITES.match(node.attr):
            yield node.lineno, f"calls {owner}.{node.attr}: only actions write"


def breaches(sources: dict[str, str]) -> list[str]:
    """Every breach of the rules in the given modules (path → source), as path:line: words."""
    trees = {path: ast.parse(text) for path, text in sources.items()}
    bus = trees.get("quart_app/live/bus/port.py")
    bus_protocols = protocols(bus) if bus else set()
    lines: list[str] = []
    for path, tree in trees.items():
        module, found = module_name(path), list(imports(path, tree))
        if room(module) not in MAY_IMPORT:
            lines.append(f"{path}:1: is in a room that the house does not have")
        for each in found:
            lines += [
                f"{path}:{each.line}: {words}" for words in import_breaches(module, each, bus_protocols)
            ]
        lines += [f"{path}:{line}: {words}" for line, words in code_breaches(module, tree, found)]
    return lines


BUS = {
    "quart_app/live/bus/port.py": "from typing import Protocol\nclass Bus(Protocol): ...\n"
    "class RedisBus: ...\n"
}


@pytest.mark.parametrize(
    ("path", "source", "words"),
    [
        ("errors.py", "import msgspec", "only the standard library"),
        ("errors.py", "from quart_app.domain import events", "errors may not know domain"),
        ("domain/tournament.py", "from quart_app.store import event_log", "domain may not know store"),
        ("domain/tournament.py", "from ..store import event_log", "domain may not know store"),
        ("domain/tournament.py", "import random", "pure"),
        ("domain/tournament.py", "import quart", "not its business"),
        ("domain/tournament.py", "import structlog", "pure"),
        ("domain/tournament.py", "from datetime import datetime\nat = datetime.now()", "reads the clock"),
        ("domain/tournament.py", "async def apply(): ...", "synchronous"),
        ("store/engine.py", "import quart_app.actions.matches", "store may not know actions"),
        ("store/engine.py", "if TYPE_CHECKING:\n    from quart import Quart", "not its business"),
        ("actions/matches.py", "from quart_app.live.bus.port import RedisBus", "actions may not know live"),
        ("actions/matches.py", "from quart_app.live.bus import port", "actions may not know live"),
        ("actions/matches.py", "from quart_app.live.rooms.hub import Bus", "actions may not know live"),
        ("actions/staff.py", "from quart_app.auth.tokens import Tokens", "actions may not know auth"),
        ("actions/matches.py", "from sqlalchemy import select", "sqlalchemy is not its business"),
        ("live/rooms/hub.py", "from quart_app.store import event_log", "live may not know store"),
        ("live/rooms/hub.py", "import redis.asyncio as redis", "redis is not its business"),
        ("live/rooms/hub.py", "from hypercorn.config import Config", "hypercorn is not its business"),
        ("auth/tokens.py", "from quart_app.web import problems", "auth may not know web"),
        ("web/api.py", "from quart_app.app import create_app", "web may not know app"),
        ("web/api.py", "from quart_app.store.staff import insert_staff", "only actions write"),
        ("web/api.py", "from quart_app.store import event_log\nevent_log.append(1)", "only actions write"),
        ("web/api.py", "def post():\n    from quart import request", "hides the import"),
        ("__init__.py", "from .app import create_app", "quart_app may not know app"),
        ("helpers/misc.py", "", "a room that the house does not have"),
    ],
)
def test_the_checker_sees_a_breach(path: str, source: str, words: str) -> None:
    """Each rule can fail: a module that breaks it, and only it, is named with its reason."""
    (line,) = breaches({**BUS, f"quart_app/{path}": source})
    assert line.startswith(f"quart_app/{path}:")
    assert words in line


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/tournament.py", "import msgspec\nfrom datetime import datetime\nfrom . import events"),
        ("store/event_log.py", "import sqlalchemy as sa\nfrom quart_app.domain.events import Event"),
        (
            "actions/matches.py",
            "from quart_app.live.bus.port import Bus\nfrom quart_app.store import event_log",
        ),
        ("actions/matches.py", "from quart_app.store import event_log\nevent_log.append(1)"),
        ("actions/staff.py", "from quart_app.auth.passwords import hash_password_aside"),
        (
            "web/express/handover.py",
            "import h11\nfrom quart import Response\nfrom hypercorn.typing import Scope",
        ),
        ("live/bus/servers.py", "from redis.asyncio import Redis\nfrom quart_app.redis_url import Node"),
        ("auth/tokens.py", "import jwt\nfrom quart_app.store import staff"),
        ("web/api.py", "from quart import request\nfrom quart_app.store.event_log import select_events"),
        ("web/api.py", "def post():\n    if TYPE_CHECKING:\n        from quart import Response"),
        ("app.py", "import quart\nfrom quart_app import web, settings"),
        ("cli/main.py", "from quart_app.app import create_app\nfrom quart_app.actions import staff"),
        ("__main__.py", "from quart_app.cli import main"),
    ],
)
def test_the_checker_lets_the_rules_pass(path: str, source: str) -> None:
    """What the rules allow is not called a breach."""
    assert breaches({**BUS, f"quart_app/{path}": source}) == []


def test_the_rooms_keep_their_walls() -> None:
    """No module of quart_app imports, or writes, what its room may not."""
    paths = sorted((ROOT / "quart_app").rglob("*.py"))
    assert paths, "found no module to read"
    found = breaches({path.relative_to(ROOT).as_posix(): path.read_text() for path in paths})
    assert found == [], "\n".join(found)


def verbless(texts: dict[str, str]) -> list[str]:
    """The functions that are given a connection, in the given modules (path → source), and say no verb."""
    return [
        f"{path}: {node.name}"
        for path, text in texts.items()
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and any(each.arg in {"conn", "connection"} for each in node.args.args)
        and not (node.name.startswith("select_") or WRITES.match(node.name))
    ]


def test_the_checker_sees_a_function_without_its_verb() -> None:
    """By its first word it is known to write, or only to read."""
    text = "def spend(conn): ...\ndef select_one(conn): ...\ndef update_one(conn): ...\ndef _go(conn): ..."
    assert verbless({"a.py": text}) == ["a.py: spend"]


def test_a_store_function_starts_with_its_verb() -> None:
    """So that those who must not write are seen to."""
    paths = sorted((ROOT / "quart_app/store").rglob("*.py"))
    assert paths, "found no module to read"
    assert verbless({path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}) == []
