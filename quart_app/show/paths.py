"""Where things are: the one place that spells the paths of pages."""

from __future__ import annotations

PAGE_VERSION = "2"
"""Of the pages that follow a feed: raised when one that was loaded before could not follow it any more."""

ANEW_PATH = "/anew/"
"""What tells htmx to load the page anew that asks there."""


def tournament_path(tournament_id: int) -> str:
    """Where a tournament's page is."""
    return f"/tournaments/{tournament_id}/"


def match_path(tournament_id: int, match_id: int) -> str:
    """Where a match's page is."""
    return f"/tournaments/{tournament_id}/matches/{match_id}/"


def staff_path(tournament_id: int) -> str:
    """Where staff run a tournament."""
    return f"/staff/tournaments/{tournament_id}/"
