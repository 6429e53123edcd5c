"""Where things are: the one place that spells the addresses of pages.

An *address* is what a browser asks for: a path of ours below the base that the whole site is served under,
such as ``/cup``, where ``GRANDSTAND_BASE_PATH`` says so. What leaves this process, a link, a cookie's path, a
redirect, is an address; what is routed in here is a path.
"""

from __future__ import annotations

PAGE_VERSION = "2"
"""Of the pages that follow a feed: raised when one that was loaded before could not follow it any more."""

ANEW_PATH = "/anew/"
"""What tells htmx to load the page anew that asks there."""

FRONT_FEED = "/sse/tournaments/fragments/"
"""The path of the front page's feed."""

_base = ""


def serve_below(base: str) -> None:
    """From here on every address of this process begins with ``base``: "", or a path such as ``/cup``.

    It is the process's, as its templates are: what renders a fragment for ten thousand knows of no request.
    """
    global _base
    _base = base


def at(path: str) -> str:
    """The address of a path of ours."""
    return f"{_base}{path}"


def inside(address: str) -> str:
    """The path of ours at an address; a path stays what it is, for many proxies take the base off."""
    # more than once: the browser's client of 0.1 puts its base before an address that it was told
    while _base and address.startswith(f"{_base}/"):
        address = address.removeprefix(_base)
    return address


def tournament_path(tournament_id: int) -> str:
    """The address of a tournament's page."""
    return at(f"/tournaments/{tournament_id}/")


def match_path(tournament_id: int, match_id: int) -> str:
    """The address of a match's page."""
    return f"{tournament_path(tournament_id)}matches/{match_id}/"


def for_staff(address: str) -> str:
    """Where staff run what a page shows, by the page's address."""
    return at(f"/staff{inside(address)}")


def staff_path(tournament_id: int) -> str:
    """The address at which staff run a tournament."""
    return for_staff(tournament_path(tournament_id))


def feed_path(tournament_id: int) -> str:
    """The address of a tournament's feed; that of its fragments is below."""
    return at(f"/sse/tournaments/{tournament_id}/")
