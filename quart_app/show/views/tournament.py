"""View models: what the templates show of a tournament, as plain values.

Everything here depends on the tournament's state alone – not on the viewer, the clock or the event that
caused the rendering – so a streamed fragment and a fresh page are the same bytes. ``seq`` of a view never
falls: a match's is the seq of the event that last changed it, that of the others the seq of the last result
in what they show. By it a page refuses a fragment that is older than what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.bracket import MatchStatus
from quart_app.domain.tournament import Tournament, TournamentStatus
from quart_app.show.paths import tournament_path
from quart_app.show.views.bracket import BracketView, bracket_view
from quart_app.show.views.cards import MatchView, match_view

UP_NEXT_MAX = 3
"""How many of the next matches are shown while none is being played."""

FORMAT_NAMES = {"single_elimination": "Single elimination"}

STATUS_NAMES = {
    TournamentStatus.DRAFT: "Not drawn yet",
    TournamentStatus.PENDING: "Not started",
    TournamentStatus.ACTIVE: "Under way",
    TournamentStatus.COMPLETED: "Finished",
}


@dataclass(frozen=True, slots=True)
class StripView:
    """What stands above the bracket: the matches being played, else those that come next."""

    seq: int
    live: bool
    matches: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class HeaderView:
    """What the tournament is and where it stands. ``podium`` is (place, name), empty until the end."""

    seq: int
    name: str
    path: str
    format: str
    participants: int
    private: bool
    status: str
    status_name: str
    podium: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TournamentPage:
    """Everything that a tournament's page shows."""

    header: HeaderView
    strip: StripView
    bracket: BracketView


def tournament_page(tournament: Tournament) -> TournamentPage:
    """The tournament's page."""
    return TournamentPage(header_view(tournament), strip_view(tournament), bracket_view(tournament))


def header_view(tournament: Tournament) -> HeaderView:
    """The tournament's header."""
    places = (
        ("Champion", tournament.champion),
        ("Runner-up", tournament.runner_up),
        ("Third place", tournament.third),
    )
    status = tournament.status
    finished = status is TournamentStatus.COMPLETED
    return HeaderView(
        seq=_last_decided(tournament),
        name=tournament.name,
        path=tournament_path(tournament.id),
        format=FORMAT_NAMES.get(tournament.format, tournament.format),
        participants=len(tournament.participants),
        private=tournament.visibility == "private",
        status=status.value,
        status_name=STATUS_NAMES[status],
        podium=tuple((place, who.name) for place, who in places if who is not None) if finished else (),
    )


def strip_view(tournament: Tournament) -> StripView:
    """The live strip."""
    shown = tournament.live_matches
    live = bool(shown)
    if not live:
        ready = (match for match in tournament.matches.values() if match.status is MatchStatus.READY)
        shown = tuple(ready)[:UP_NEXT_MAX]
    return StripView(_last_decided(tournament), live, tuple(match_view(tournament, match) for match in shown))


def _last_decided(tournament: Tournament) -> int:
    return max((match.version for match in tournament.matches.values() if match.decided), default=0)
