"""View models of a tournament's page: its header, and what is on now.

``seq`` of a view is the revision of its part: the seq of the event that last changed it, so it never falls.
By it a page refuses a fragment that is older than what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.formats import FORMATS
from quart_app.domain.parts import AGENDA, HEADER
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.show.paths import tournament_path
from quart_app.show.views.bracket import BracketView, bracket_view
from quart_app.show.views.cards import CALLED_OFF, MatchView, is_called_off, match_view

UP_NEXT_MAX = 3
"""How many of the next matches are shown while none is being played."""

PLACES = {1: "Champion", 2: "Runner-up", 3: "Third place"}
"""The places of the podium."""

STATUS_NAMES = {
    TournamentStatus.DRAFT: "Not drawn yet",
    TournamentStatus.PENDING: "Not started",
    TournamentStatus.ACTIVE: "Under way",
    TournamentStatus.COMPLETED: "Finished",
    TournamentStatus.POSTPONED: "Postponed",
    TournamentStatus.CANCELLED: "Cancelled",
}


@dataclass(frozen=True, slots=True)
class StripView:
    """What stands above the bracket, under a ``title``: the matches being played, else those that come
    next."""

    seq: int
    title: str
    matches: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class HeaderView:
    """What the tournament is and where it stands. ``podium`` is (place, name), empty until the end;
    ``no_champion`` says that there will be none. ``held``
    tells that an organiser has said it is not played, ``because`` why, ``cancelled`` that it never will be;
    ``until`` (RFC 3339) is when it may be again."""

    seq: int
    name: str
    path: str
    format: str
    participants: int
    private: bool
    status: str
    status_name: str
    podium: tuple[tuple[str, str], ...]
    no_champion: bool = False
    held: bool = False
    cancelled: bool = False
    because: str = ""
    until: str | None = None
    archived: bool = False


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
    progress, hold = tournament.progress, tournament.held
    finished = progress is TournamentStatus.COMPLETED
    return HeaderView(
        seq=tournament.revision(HEADER),
        name=tournament.name,
        path=tournament_path(tournament.id),
        format=format_title(tournament),
        participants=len(tournament.participants),
        private=tournament.visibility == "private",
        status=progress.value,
        status_name=STATUS_NAMES[tournament.status],
        podium=tuple(
            (PLACES[place], tournament.participants[who].name)
            for place, who in tournament.places
            if place in PLACES
        )
        if finished
        else (),
        no_champion=finished and tournament.champion is None,
        held=hold is not None,
        cancelled=tournament.status is TournamentStatus.CANCELLED,
        because=hold.because if hold is not None else "",
        until=hold.until if hold is not None else None,
        archived=tournament.archived,
    )


def format_title(tournament: Tournament) -> str:
    """What is played: "Single elimination", "Round robin, then single elimination"."""
    first, *later = (FORMATS[settings.format].title for settings in tournament.settings)
    return ", then ".join([first, *(title[0].lower() + title[1:] for title in later)])


def strip_view(tournament: Tournament) -> StripView:
    """The live strip."""
    cards = tuple(match_view(tournament, tournament.matches[match_id]) for match_id in on_strip(tournament))
    live = CALLED_OFF if is_called_off(tournament) else "Being played"
    title = live if tournament.agenda.live else "Up next"
    return StripView(tournament.revision(AGENDA), title, cards)


def on_strip(tournament: Tournament) -> tuple[int, ...]:
    """The ids of the matches in the live strip: those being played, else the few that come next."""
    return tournament.agenda.live or tournament.agenda.ready[:UP_NEXT_MAX]
