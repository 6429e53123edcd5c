"""View models of the bracket: its rounds with their progress, its matches."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.parts import BRACKET, round_part
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.stage import Round
from quart_app.domain.state.tournament import Tournament
from quart_app.show.views.cards import MatchView, match_view


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round's title with its progress."""

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
        (
            round_view(tournament, each),
            tuple(match_view(tournament, tournament.matches[match_id]) for match_id in each.match_ids),
        )
        for each in tournament.rounds
    )
    return BracketView(tournament.revision(BRACKET), rounds, tuple(tournament.participants.values()))


def round_view(tournament: Tournament, each: Round) -> RoundView:
    """A round's title."""
    return RoundView(
        number=each.number,
        seq=tournament.revision(round_part(each.number)),
        name=each.name,
        short=each.short,
        completed=each.completed,
        played=each.played,
        done=each.done,
    )
