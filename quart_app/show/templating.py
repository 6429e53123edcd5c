"""Templates: one compiled Jinja environment for pages and for the fragments that the feed sends.

Rendering needs no request and no app: links are addresses of ``show/paths.py``, so the hub renders a fragment
with the very template that the page includes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from quart_app.errors import BadSettings
from quart_app.show.names import isolated
from quart_app.show.paths import at, for_staff

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


@cache
def environment() -> Environment:
    """The process's environment: autoescaped, strict about undefined names, compiled once."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"static": static, "at": at, "for_staff": for_staff}
    made.filters["moment"] = moment
    made.filters["day"] = day
    made.filters["clock"] = clock
    made.filters["isolated"] = isolated
    return made


def render(template: str, **context: object) -> str:
    """The template's text, by its path below ``templates/``."""
    return environment().get_template(template).render(**context)


def moment(at: str) -> Markup:
    """A ``<time>`` for an RFC 3339 time in UTC; the browser's script turns its text to the viewer's zone."""
    return Markup('<time datetime="{}">{}</time>').format(at, _words(datetime.fromisoformat(at)))


def _words(when: datetime) -> str:
    return f"{when:%-d %b %Y, %H:%M} UTC"


def day(at: str) -> Markup:
    """The same for the date alone."""
    when = datetime.fromisoformat(at)
    return Markup('<time class="day" datetime="{}">{}</time>').format(at, f"{when:%-d %b %Y}")


def clock(at: str, day: str) -> Markup:
    """The same for the time alone, on the day of ``day``; on another day with its date."""
    when = datetime.fromisoformat(at)
    words = f"{when:%H:%M} UTC" if when.date() == datetime.fromisoformat(day).date() else _words(when)
    return Markup('<time class="clock" datetime="{}" data-day="{}">{}</time>').format(at, day, words)


def static(name: str) -> str:
    """The address of a file below ``static/``; it changes with the file's content, and can be kept for ever.

    Raises BadSettings where the file is missing, which is what a checkout without its set-up looks like.
    """
    return f"{at('/static/')}{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    try:
        return version_of((STATIC / name).read_bytes())
    except OSError:
        raise BadSettings(f"static/{name} is missing. Run `make setup`, which installs it.") from None


def version_of(content: bytes) -> str:
    """What tells one content of a file from another."""
    return hashlib.sha256(content).hexdigest()[:12]
