"""View models: what the templates show of a tournament, as plain values.

Everything here depends on the tournament's state alone – not on the viewer, the clock or the event that
caused the rendering – so a streamed fragment and a fresh page are the same bytes. ``seq`` of a view never
falls: a match's is the seq of the event that last changed it, that of the others the seq of the last result
in what they show. By it a page refuses a fragment that is older than what it holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quart_app.domain.bracket import Match, MatchStatus
from quart_app.domain.formats.single_elimination import THIRD_PLACE
from quart_app.domain.labels import match_label, source_label
from quart_app.domain.tournament import Participant, Round, Tournament, TournamentStatus
from quart_app.web.bidi import isolated

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
class SideView:
    """One side of a match. ``kind`` tells somebody known from somebody still unknown and from a bye.

    ``note`` stands small beside the score: the tie-break of a level score, or how a match ended unplayed.
    """

    kind: Literal["known", "unknown", "bye"]
    name: str
    participant_id: int | None = None
    seed: int | None = None
    score: str = ""
    note: str = ""
    won: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class MatchView:
    """A match's card. ``says`` is its state in one sentence, empty before play."""

    id: int
    seq: int
    status: str
    label: str
    path: str
    best_of: int
    third_place: bool
    sides: tuple[SideView, SideView]
    says: str


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round's title with its progress; ``seq`` is that of the last match that changed the progress."""

    number: int
    seq: int
    name: str
    short: str
    completed: int
    played: int
    done: bool


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
class BracketView:
    """The rounds with their matches; before the draw none, and ``entrants`` lists who takes part."""

    seq: int
    rounds: tuple[tuple[RoundView, tuple[MatchView, ...]], ...]
    entrants: tuple[Participant, ...]


@dataclass(frozen=True, slots=True)
class TournamentPage:
    """Everything that a tournament's page shows."""

    header: HeaderView
    strip: StripView
    bracket: BracketView


def tournament_path(tournament_id: int) -> str:
    """Where a tournament's page is."""
    return f"/tournaments/{tournament_id}/"


def match_path(tournament_id: int, match_id: int) -> str:
    """Where a match's page is."""
    return f"/tournaments/{tournament_id}/matches/{match_id}/"


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


def bracket_view(tournament: Tournament) -> BracketView:
    """The whole bracket, or the list of participants before the draw."""
    rounds = tuple(
        (round_view(tournament, each), tuple(match_view(tournament, match) for match in each.matches))
        for each in tournament.rounds
    )
    # The region itself changes once, when the draw is made; its matches and rounds have their own seqs.
    return BracketView(tournament.bracket_id or 0, rounds, tuple(tournament.participants.values()))


def round_view(tournament: Tournament, each: Round) -> RoundView:
    """A round's title."""
    label = match_label(tournament, each.matches[0])
    return RoundView(
        number=each.number,
        seq=max((match.version for match in each.matches if counts_in_progress(match)), default=0),
        name=each.name,
        short=label.rpartition(" ")[0] or label,
        completed=each.completed,
        played=each.played,
        done=all(match.decided for match in each.matches),
    )


def counts_in_progress(match: Match) -> bool:
    """Whether a round's "5 of 8" depends on this match's state: it is decided, or will never be played."""
    return match.decided or not match.played


def match_view(tournament: Tournament, match: Match) -> MatchView:
    """A match's card."""
    return MatchView(
        id=match.match_id,
        seq=match.version,
        status=match.status.value,
        label=match_label(tournament, match),
        path=match_path(tournament.id, match.match_id),
        best_of=match.plan.best_of,
        third_place=match.plan.stage == THIRD_PLACE,
        sides=(side_view(tournament, match, 0), side_view(tournament, match, 1)),
        says=sentence(tournament, match),
    )


def sentence(tournament: Tournament, match: Match) -> str:
    """How a match stands, for somebody who cannot see the card: "Argentina lead France 2–1".

    Empty for a match that has not begun.
    """
    first, second = (tournament.participant(slot.participant_id) for slot in match.slots)
    if first is None or second is None:
        return ""
    names = isolated(first.name), isolated(second.name)
    result = match.result
    if result is None:
        return _running_sentence(*names, match.score) if match.live else ""
    if result.winner_id is None:
        return f"Neither {names[0]} nor {names[1]} goes on"
    swapped = result.winner_id == second.id
    winner, loser = reversed(names) if swapped else names
    if result.walkover:
        return f"{winner} beat {loser} by walkover"
    if result.tiebreak is not None:
        return (
            f"{winner} beat {loser} {_dashed(result.tiebreak, swapped)} in the tie-break, "
            f"after {_dashed(match.score, swapped)}"
        )
    return f"{winner} beat {loser} {_dashed(match.score, swapped)}"


def _running_sentence(first: str, second: str, score: tuple[int, int] | None) -> str:
    a, b = score or (0, 0)
    if a == b == 0:
        return f"{first} and {second} are playing, 0–0"
    if a == b:
        return f"{first} and {second} are level at {a}–{b}"
    return f"{first} lead {second} {a}–{b}" if a > b else f"{second} lead {first} {b}–{a}"


def _dashed(pair: tuple[int, int] | None, swapped: bool) -> str:
    a, b = pair or (0, 0)
    return f"{b}–{a}" if swapped else f"{a}–{b}"


def side_view(tournament: Tournament, match: Match, side: int) -> SideView:
    """One side of a match, 0 or 1."""
    slot = match.slots[side]
    if slot.bye:
        return SideView("bye", "Bye")
    participant = tournament.participant(slot.participant_id)
    if participant is None:
        return SideView("unknown", source_label(tournament, match.plan.slots[side]))
    note = ""
    if match.result is not None:
        if match.result.tiebreak is not None:
            note = f"({match.result.tiebreak[side]})"
        elif match.result.walkover and match.winner_id != participant.id:
            note = "w/o"
    return SideView(
        kind="known",
        name=participant.name,
        participant_id=participant.id,
        seed=participant.seed,
        score=str(match.score[side]) if match.score is not None else "",
        note=note,
        won=match.result is not None and match.winner_id == participant.id,
        lost=match.result is not None and match.winner_id != participant.id,
    )


def _last_decided(tournament: Tournament) -> int:
    return max((match.version for match in tournament.matches.values() if match.decided), default=0)
