"""The other demos: what happened comes true, in a bracket that is made of the same settings."""

from __future__ import annotations

import pytest

from quart_app.demo import double_elimination, world_cup_whole
from quart_app.demo.script import Script
from quart_app.domain.commands import (
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    GenerateBracket,
    StartMatch,
)
from quart_app.domain.state.tournament import Tournament
from tests.domain.strategies import on_place, step


def played(script: Script) -> Tournament:
    """The tournament after all games of a script, in its order."""
    command = CreateTournament(
        name=script.name,
        entrants=tuple(EntrantLine(name=name) for name in script.entrants),
        seeding=script.seeding,
        stages=script.settings,
    )
    tournament, _ = step(Tournament(7), command)
    tournament, _ = step(tournament, GenerateBracket())
    for games in script.matches(tournament):
        for match_id, game in games.items():
            names = tuple(
                tournament.participants[slot.participant_id or 0].name
                for slot in tournament.matches[match_id].slots
            )
            assert game.sides in (None, names)
            tournament, _ = step(tournament, StartMatch(match_id=match_id))
            first, second = game.shoot_out or (None, None)
            tournament, _ = step(
                tournament,
                ConfirmResult(
                    match_id=match_id,
                    score=game.scores[-1],
                    participant1_tiebreak=first,
                    participant2_tiebreak=second,
                ),
            )
    return tournament


def test_the_whole_world_cup_comes_true() -> None:
    """48 + 16 matches: every group sends those on who went on, and Argentina wins."""
    end = played(world_cup_whole.SCRIPT)
    through = [
        [end.participants[row.participant_id].name for row in group.table[:2]]
        for group in end.stages[0].groups
    ]
    assert through == [
        ["Netherlands", "Senegal"],
        ["England", "USA"],
        ["Argentina", "Poland"],
        ["France", "Australia"],
        ["Japan", "Spain"],
        ["Morocco", "Croatia"],
        ["Brazil", "Switzerland"],
        ["Portugal", "South Korea"],
    ]
    medals = [on_place(end, place) for place in (1, 2, 3)]
    assert [who.name for who in medals if who] == ["Argentina", "France", "Croatia"]
    assert (len(end.matches), end.status.value) == (64, "completed")


def test_the_losers_champion_forces_a_reset() -> None:
    """And the winners' champion wins it; everybody else is out with two defeats."""
    end = played(double_elimination.SCRIPT)
    *_, final, reset = end.matches.values()
    assert (final.winner_id, reset.winner_id) == (
        final.slots[1].participant_id,
        final.slots[0].participant_id,
    )
    assert end.status.value == "completed"


@pytest.mark.parametrize(
    "script", [world_cup_whole.SCRIPT, double_elimination.SCRIPT], ids=lambda script: script.name
)
def test_goals_come_one_by_one(script: Script) -> None:
    """Within the time of play."""
    for games in script.stages:
        for game in games:
            assert all(0 < goal.minute < game.minutes + 1 for goal in game.goals)
            assert game.minutes == 120 or len(game.scores) == len(game.goals) + 1
