"""Hands that play a tournament of any format to its end, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from random import Random
from typing import Self

from quart_app.domain import fold
from quart_app.domain.commands import (
    Command,
    ConfirmResult,
    CreateTournament,
    GenerateBracket,
    PublishRound,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.decisions import decide
from quart_app.domain.decisions.stages import question
from quart_app.domain.events import Event, StageSettings, decode_event, encode_event
from quart_app.domain.pairing.dutch import propose
from quart_app.domain.state.tournament import Tournament
from tests.domain.strategies import NOW, players


class Play:
    """A tournament with its log; every event goes through its bytes, as it does in the database."""

    def __init__(self, count: int, *stages: StageSettings, seeding: str = "standard") -> None:
        self.tournament = Tournament(7)
        self.log: list[Event] = []
        self.do(CreateTournament(name="Cup", entrants=players(count), stages=stages, seeding=seeding))
        self.do(GenerateBracket())

    @classmethod
    def on(cls, tournament: Tournament) -> Self:
        """Play on from a state; the log begins there."""
        play = cls.__new__(cls)
        play.tournament, play.log = tournament, []
        return play

    def do(self, command: Command) -> tuple[Event, ...]:
        """Carry a wish out, and give its events."""
        events = decide(self.tournament, command, NOW, 1)
        for event in events:
            assert decode_event(event.type, event.version, encode_event(event)) == event
        self.tournament = reduce(fold.apply, events, self.tournament)
        self.log += events
        return events

    def result(self, match_id: int, score: tuple[int, int]) -> None:
        """Play a ready match to this score."""
        self.do(StartMatch(match_id=match_id))
        self.do(UpdateScore(match_id=match_id, participant1_score=score[0], participant2_score=score[1]))
        self.do(ConfirmResult(match_id=match_id))

    def to_the_end(self, chance: Random, *, walkovers: float = 0.0) -> Tournament:
        """Play whatever is ready, in any order, and pair what has to be paired, until nothing is left."""
        while True:
            if not self.tournament.agenda.ready:
                if not self.pair_next():
                    return self.tournament
                continue
            match_id = chance.choice(self.tournament.agenda.ready)
            match = self.tournament.matches[match_id]
            if chance.random() < walkovers:
                winner = chance.choice(match.slots).participant_id
                self.do(ConfirmResult(match_id=match_id, winner_id=winner, walkover=True))
                continue
            self.result(match_id, chance.choice(self._scores(match_id)))

    def pair_next(self) -> bool:
        """Publish the next round of a stage that is paired round by round; False where there is none."""
        for stage in self.tournament.stages:
            if stage.format.layout == "rounds" and stage.next_round is not None:
                pairs, byes = propose(*question(self.tournament, stage, ()))
                self.do(PublishRound(stage=stage.number, pairs=pairs, byes=byes))
                return True
        return False

    def _scores(self, match_id: int) -> Sequence[tuple[int, int]]:
        match = self.tournament.matches[match_id]
        wins = match.plan.best_of // 2 + 1
        if match.plan.best_of > 1:
            return [(wins, lost) for lost in range(wins)] + [(lost, wins) for lost in range(wins)]
        drawn = [(0, 0), (2, 2)] if self.tournament.stage_of(match).settings.draws else []
        return [(1, 0), (0, 1), (3, 1), (1, 4), *drawn]
