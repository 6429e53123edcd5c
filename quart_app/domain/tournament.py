"""The fold: a tournament is what its log says, event after event.

``Tournament`` never changes; ``apply`` gives the next one, sharing what stayed the same. As the log counts
1, 2, 3 … without a gap, the number of events applied *is* the seq, and a match's ``version`` is the seq of
the last event that changed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce

from quart_app.domain import bracket, events
from quart_app.domain.bracket import Feeds, Match, MatchStatus, Result
from quart_app.domain.formats.single_elimination import MAIN, THIRD_PLACE


class TournamentStatus(StrEnum):
    """A draft has no bracket yet; pending has one and no match begun."""

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who plays. ``seed`` is None for the unseeded."""

    id: int
    name: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class Round:
    """A round with its progress; byes do not count."""

    number: int
    name: str
    matches: tuple[Match, ...]

    @property
    def played(self) -> int:
        """How many matches of the round people see played, by the end of it."""
        return sum(match.played for match in self.matches)

    @property
    def completed(self) -> int:
        """How many of those are decided."""
        return sum(match.played and match.decided for match in self.matches)


@dataclass(frozen=True, slots=True)
class Tournament:
    """A tournament at one point of its log. ``seq`` 0 is the empty log."""

    id: int
    seq: int = 0
    name: str = ""
    format: str = ""
    seeding: str = ""
    third_place: bool = False
    visibility: str = "private"
    created_at: str = ""
    entrants: tuple[events.Entrant, ...] = ()
    participants: Mapping[int, Participant] = field(default_factory=dict)
    bracket_id: int | None = None
    round_names: tuple[str, ...] = ()
    matches: dict[int, Match] = field(default_factory=dict)
    feeds: Feeds = field(default_factory=dict)

    def apply(self, event: events.Event) -> Tournament:
        """The tournament after one more event. Raises ValueError for an event of another tournament."""
        if event.tournament_id != self.id:
            raise ValueError(f"an event of tournament {event.tournament_id} applied to {self.id}")
        seq = self.seq + 1
        match event:
            case events.TournamentCreated():
                return replace(
                    self,
                    seq=seq,
                    name=event.name,
                    format=event.format,
                    seeding=event.seeding,
                    third_place=event.third_place,
                    visibility=event.visibility,
                    created_at=event.created_at,
                )
            case events.ParticipantsRegistered():
                participants = {
                    entrant.id: Participant(entrant.id, entrant.name, entrant.seed)
                    for entrant in event.entrants
                    if entrant.id is not None and entrant.name is not None
                }
                return replace(self, seq=seq, entrants=event.entrants, participants=participants)
            case events.BracketGenerated():
                return replace(
                    self,
                    seq=seq,
                    bracket_id=event.bracket_id,
                    round_names=event.rounds,
                    matches=bracket.lay_out(event.matches, seq),
                    feeds=bracket.feeds_of(event.matches),
                )
            case events.VisibilityChanged():
                return replace(self, seq=seq, visibility=event.visibility)
            case events.MatchStarted():
                match = self.matches[event.match_id]
                return self._with(
                    replace(match, version=seq, live=True, score=(0, 0), scheduled_time=event.scheduled_time)
                )
            case events.ScoreUpdated():
                match = self.matches[event.match_id]
                score = (event.participant1_score, event.participant2_score)
                return self._with(replace(match, version=seq, score=score))
            case events.MatchCompleted():
                return self._with(_completed(self.matches[event.match_id], event, seq))
            case _:  # bracket_updated tells what match_completed has already moved
                return replace(self, seq=seq)

    def _with(self, changed: Match) -> Tournament:
        matches = bracket.advance(self.matches, self.feeds, changed)
        return replace(self, seq=changed.version, matches=matches)

    @property
    def status(self) -> TournamentStatus:
        """Where the tournament stands, derived from its matches."""
        if self.bracket_id is None:
            return TournamentStatus.DRAFT
        if all(match.decided for match in self.matches.values()):
            return TournamentStatus.COMPLETED
        begun = any(match.live or match.result is not None for match in self.matches.values())
        return TournamentStatus.ACTIVE if begun else TournamentStatus.PENDING

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds in order, each with its matches by position."""
        by_round: dict[int, list[Match]] = {}
        for match in self.matches.values():
            by_round.setdefault(match.plan.round, []).append(match)
        return tuple(
            Round(
                number,
                self.round_names[number - 1],
                tuple(sorted(by_round[number], key=lambda match: match.plan.position)),
            )
            for number in sorted(by_round)
        )

    @property
    def live_matches(self) -> tuple[Match, ...]:
        """The matches being played, in play order."""
        return tuple(match for match in self.matches.values() if match.status is MatchStatus.LIVE)

    @property
    def champion(self) -> Participant | None:
        """Who won the final, None until then."""
        return self._winner_of_last(MAIN)

    @property
    def runner_up(self) -> Participant | None:
        """Who lost the final, None until then."""
        final = self._last(MAIN)
        loser_id = final.result.loser_id if final is not None and final.result is not None else None
        return self.participants[loser_id] if loser_id is not None else None

    @property
    def third(self) -> Participant | None:
        """Who won the third-place match, None until then or where there is none."""
        return self._winner_of_last(THIRD_PLACE)

    def participant(self, participant_id: int | None) -> Participant | None:
        """The participant with this id; None for None."""
        return self.participants[participant_id] if participant_id is not None else None

    def _last(self, stage: str) -> Match | None:
        return next((m for m in reversed(self.matches.values()) if m.plan.stage == stage), None)

    def _winner_of_last(self, stage: str) -> Participant | None:
        last = self._last(stage)
        return self.participant(last.winner_id) if last is not None else None


def _completed(match: Match, event: events.MatchCompleted, seq: int) -> Match:
    tiebreak = None
    if event.participant1_tiebreak is not None and event.participant2_tiebreak is not None:
        tiebreak = (event.participant1_tiebreak, event.participant2_tiebreak)
    score = None
    if event.participant1_score is not None and event.participant2_score is not None:
        score = (event.participant1_score, event.participant2_score)
    result = Result(event.winner_id, event.loser_id, event.walkover, tiebreak, event.notes)
    return replace(match, version=seq, live=False, score=score, result=result)


def fold(tournament_id: int, log: Iterable[events.Event]) -> Tournament:
    """The tournament that a whole log, from its first event on, tells of."""
    return reduce(Tournament.apply, log, Tournament(tournament_id))
