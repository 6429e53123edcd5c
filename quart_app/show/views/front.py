"""View models of the front page: what is being played with its scores, what comes, and who has won."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quart_app.domain.parts import Part
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.show.views.cards import SideView, is_called_off, side_view
from quart_app.show.views.lists import ListLine, listed, progress
from quart_app.store.tournaments import TournamentRow

LISTS = Part("lists")
"""Which tournaments stand on the front page, and in which order."""

SCORES_MAX = 4
"""Of how many matches of one tournament the front page tells the score."""


@dataclass(frozen=True, slots=True)
class FrontLists:
    """Which tournaments stand where, by id. ``older_than`` leads on to the older finished ones."""

    playing: tuple[int, ...] = ()
    coming: tuple[int, ...] = ()
    finished: tuple[int, ...] = ()
    older_than: int | None = None


@dataclass(frozen=True, slots=True)
class FrontLine:
    """A tournament on the front page. ``scores`` are those of its matches that are being played, ``live``
    says how many these are. ``champion`` is who has won, and ``no_champion`` says that nobody will."""

    id: int
    line: ListLine
    live: int = 0
    scores: tuple[tuple[SideView, SideView], ...] = ()
    champion: str = ""
    no_champion: bool = False


@dataclass(frozen=True, slots=True)
class FrontEntry:
    """A line where it stands: ``seq`` is when it last changed."""

    seq: int
    line: FrontLine


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The front page, list by list."""

    seq: int
    playing: tuple[FrontEntry, ...]
    coming: tuple[FrontEntry, ...]
    finished: tuple[FrontEntry, ...]
    older_than: int | None


def line_part(tournament_id: int) -> Part:
    """One tournament's line."""
    return Part("line", tournament_id)


def front_line(row: TournamentRow, tournament: Tournament | None) -> FrontLine:
    """A tournament's line; without the tournament, where its log cannot be read here, the less."""
    if tournament is None:
        return FrontLine(row.id, listed(row))
    over = tournament.progress is TournamentStatus.COMPLETED
    champion = tournament.champion if over else None
    live = () if is_called_off(tournament) else tournament.agenda.live
    return FrontLine(
        id=row.id,
        line=listed(row, "" if over else progress(tournament)),
        live=len(live),
        scores=tuple(
            (side_view(tournament, match, 0), side_view(tournament, match, 1))
            for match in (tournament.matches[match_id] for match_id in live[:SCORES_MAX])
        ),
        champion=champion.name if champion is not None else "",
        no_champion=over and champion is None,
    )


def front_page(shown: Mapping[Part, Any], revisions: Mapping[Part, int]) -> FrontPage:
    """The front page of what the lobby shows."""
    lists: FrontLists = shown.get(LISTS, FrontLists())

    def entries(ids: tuple[int, ...]) -> tuple[FrontEntry, ...]:
        return tuple(FrontEntry(revisions[line_part(each)], shown[line_part(each)]) for each in ids)

    return FrontPage(
        seq=revisions.get(LISTS, 0),
        playing=entries(lists.playing),
        coming=entries(lists.coming),
        finished=entries(lists.finished),
        older_than=lists.older_than,
    )
