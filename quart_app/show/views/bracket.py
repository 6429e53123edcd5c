"""View models of the bracket: its rounds with their progress, its matches."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.bracket import Match
from quart_app.domain.tournament import Participant, Round, Tournament
from quart_app.show.names import match_label
from quart_app.show.views.cards import MatchView, match_view


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
class BracketView:
    """The rounds with their matches; before the draw none, and ``entrants`` lists who takes part."""

    seq: int
    rounds: tuple[tuple[RoundView, tuple[MatchView, ...]], ...]
    entrants: tuple[Participant, ...]


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
