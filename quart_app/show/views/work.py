"""View models of the staff's lists: the matches by what there is to do with them, the draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quart_app.domain.events import Entrant
from quart_app.domain.seeding import draw_lines
from quart_app.domain.state.tournament import Tournament
from quart_app.show.views.cards import MatchView, match_view


@dataclass(frozen=True, slots=True)
class MatchLists:
    """A tournament's matches by what there is to do with them, in play order; byes are left out."""

    live: tuple[MatchView, ...]
    ready: tuple[MatchView, ...]
    locked: tuple[MatchView, ...]
    decided: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class DrawLine:
    """One side of a first-round pair. ``name`` is None for a bye."""

    name: str | None
    seed: int | None


def match_lists(tournament: Tournament) -> MatchLists:
    """The matches of a tournament that has its bracket."""
    lists: dict[str, list[MatchView]] = {"live": [], "ready": [], "locked": [], "decided": []}
    for match in tournament.matches.values():
        if match.played:
            lists["decided" if match.decided else match.status.value].append(match_view(tournament, match))
    return MatchLists(**{name: tuple(views) for name, views in lists.items()})


def first_round(entrants: Sequence[Entrant], seeding: str) -> tuple[tuple[DrawLine, DrawLine], ...]:
    """The pairs of the first round as the draw will have them, top to bottom."""
    by_id = {entrant.id: DrawLine(entrant.name, entrant.seed) for entrant in entrants if entrant.id}
    lines = [by_id[line] if line else DrawLine(None, None) for line in draw_lines(entrants, seeding)]
    return tuple(zip(lines[::2], lines[1::2], strict=True))
