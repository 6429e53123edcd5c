"""The script: what happened in Qatar, and a bracket in which it can happen."""

from __future__ import annotations

import pytest

from quart_app.demo.player import agenda
from quart_app.demo.script import Game, Goal, game
from quart_app.demo.world_cup_2022 import SCRIPT

GAMES = [game for stage in SCRIPT.stages for game in stage]

RESULTS = """
Netherlands 3-1 USA
Argentina 2-1 Australia
Japan 1-1 Croatia 1-3
Brazil 4-1 South Korea
England 3-0 Senegal
France 3-1 Poland
Morocco 0-0 Spain 3-0
Portugal 6-1 Switzerland
Netherlands 2-2 Argentina 3-4
Croatia 1-1 Brazil 4-2
England 1-2 France
Morocco 1-0 Portugal
Argentina 3-0 Croatia
France 2-0 Morocco
Croatia 2-1 Morocco
Argentina 3-3 France 4-2
"""


def sides(played: Game) -> tuple[str, str]:
    assert played.sides is not None
    return played.sides


def result(played: Game) -> str:
    (a, b), (home, away) = played.scores[-1], sides(played)
    shoot_out = f" {played.shoot_out[0]}-{played.shoot_out[1]}" if played.shoot_out else ""
    return f"{home} {a}-{b} {away}{shoot_out}"


def winner(played: Game) -> str:
    a, b = played.shoot_out or played.scores[-1]
    return sides(played)[0 if a > b else 1]


def loser(played: Game) -> str:
    return next(side for side in sides(played) if side != winner(played))


def test_the_results_are_the_real_ones() -> None:
    """All sixteen, shoot-outs included."""
    assert [result(played) for played in GAMES] == RESULTS.strip().splitlines()


def test_sixteen_teams_stand_in_the_draw() -> None:
    """Each once."""
    assert len(set(SCRIPT.entrants)) == len(SCRIPT.entrants) == 16


@pytest.mark.parametrize("stage", [1, 2, 4])
def test_neighbours_winners_meet_in_the_next_stage(stage: int) -> None:
    """The draw makes the real bracket come true, side by side: quarter-finals, semi-finals and final."""
    before = SCRIPT.stages[{1: 0, 2: 1, 4: 2}[stage]]
    pairs = [(winner(before[at]), winner(before[at + 1])) for at in range(0, len(before), 2)]
    assert [played.sides for played in SCRIPT.stages[stage]] == pairs


def test_the_semi_final_losers_play_for_the_third_place() -> None:
    """Just before the final, as the bracket numbers them."""
    (third_place,) = SCRIPT.stages[3]
    assert third_place.sides == tuple(loser(played) for played in SCRIPT.stages[2])


@pytest.mark.parametrize("played", GAMES, ids=lambda played: "-".join(played.sides))
def test_goals_come_within_the_time_of_play(played: Game) -> None:
    """In order, from the first minute to the 90th or the 120th, stoppage time included."""
    minutes = [goal.minute for goal in played.goals]
    assert minutes == sorted(minutes)
    assert all(1 <= minute < played.minutes + 1 for minute in minutes)


@pytest.mark.parametrize("played", GAMES, ids=lambda played: "-".join(played.sides))
def test_only_a_level_game_goes_to_extra_time(played: Game) -> None:
    """A shoot-out has a winner and comes after a draw; every draw has one."""
    level = played.scores[-1][0] == played.scores[-1][1]
    assert level == (played.shoot_out is not None)


def test_goals_are_told_in_the_order_of_their_minutes() -> None:
    """The final, as it swung."""
    assert [*GAMES[-1].scores] == [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (3, 2), (3, 3)]


def test_stoppage_time_comes_before_the_next_half() -> None:
    """45+3 is before 46, and 45+10 after 45+2."""
    assert game("A", "46 45+10", "45+2", "B").goals == (Goal(45.02, 2), Goal(45.1, 1), Goal(46.0, 1))


def test_a_shoot_out_is_noted_from_the_winners_side() -> None:
    """Whichever side that is."""
    assert game("A", "", "", "B", shoot_out=(3, 4)).notes == "After extra time; B won 4–3 on penalties"


def test_a_plain_game_needs_no_note() -> None:
    """The score says it all."""
    assert game("A", "1", "", "B").notes is None


def test_matches_of_the_first_round_overlap() -> None:
    """From the fourth kick-off to the last, four or five are being played."""
    beats = agenda(dict(enumerate(SCRIPT.stages[0], start=1)))
    starts = sorted(min(beat.at for beat in beats if beat.match_id == match_id) for match_id in range(1, 9))
    ends = [beat.at for beat in beats if beat.final]
    live = [sum(start <= now for start in starts) - sum(end <= now for end in ends) for now in starts]
    assert live == [1, 2, 3, 4, 4, 4, 5, 4]
