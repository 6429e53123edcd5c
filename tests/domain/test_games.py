"""Matches of several games: when a game is over, what the score is, what is refused."""

from __future__ import annotations

import pytest

from quart_app.domain import scoring
from quart_app.domain.bracket.match import Match
from quart_app.domain.commands import ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.decisions import accept
from quart_app.domain.events import GameRules, Games, MatchCompleted, StageSettings
from quart_app.errors import InvalidInput, MatchDrawn, MatchUndecided
from tests.domain.formats.playing import Play

TABLE_TENNIS = scoring.PRESETS["table_tennis"]


def match_of(preset: str, best_of: int = 3, **more: object) -> Play:
    """Two players, their match begun."""
    stage = StageSettings(
        format="single_elimination",
        best_of=best_of,
        games=scoring.PRESETS[preset],
        **more,  # type: ignore[arg-type]
    )
    play = Play(2, stage)
    play.do(StartMatch(match_id=1))
    return play


def the_match(play: Play) -> Match:
    """The only match."""
    return play.tournament.matches[1]


def test_the_score_follows_from_the_games() -> None:
    """It counts those that are over; the event carries both."""
    play = match_of("table_tennis")
    (event,) = play.do(UpdateScore(match_id=1, games=((11, 9), (8, 11), (4, 2))))
    assert (the_match(play).score, the_match(play).games) == ((1, 1), ((11, 9), (8, 11), (4, 2)))
    assert (event.participant1_score, event.games) == (1, ((11, 9), (8, 11), (4, 2)))  # type: ignore[attr-defined]
    play.do(UpdateScore(match_id=1, games=((11, 9), (8, 11), (12, 10))))
    play.do(ConfirmResult(match_id=1))
    assert (the_match(play).winner_id, the_match(play).score) == (1, (2, 1))


@pytest.mark.parametrize(
    ("preset", "games", "words"),
    [
        ("table_tennis", ((11, 9), (9, 5), (1, 0)), "Game 2 is not over at 9–5"),
        ("table_tennis", ((11, 9), (11, 2), (1, 0)), "decided before game 3"),
        ("table_tennis", ((12, 9),), "was over before 12–9"),
        ("table_tennis", ((13, 9),), "was over before 13–9"),
        ("table_tennis", ((1, 0),) * 4, "at most 3 games"),
        ("badminton", ((31, 29),), "was over before 31–29"),
        ("badminton", ((30, 27),), "was over before 30–27"),
        ("tennis", ((7, 4),), "was over before 7–4"),
        ("chess", ((1, 0),), "result alone"),
        ("free", ((1, 1), (2, 0)), "Game 1 is not over at 1–1"),
    ],
)
def test_games_that_cannot_be_are_refused(preset: str, games: Games, words: str) -> None:
    """With the game, and what is wrong with it."""
    with pytest.raises(InvalidInput) as refused:
        match_of(preset).do(UpdateScore(match_id=1, games=games))
    assert words in refused.value.problems["games"]


def told_outside(games: Games, score: tuple[int | None, int | None], **more: object) -> MatchCompleted:
    """What a source outside tells of the only match: the first side has won."""
    first, second = score
    return MatchCompleted(
        tournament_id=1,
        match_id=1,
        winner_id=1,
        winner_name="",
        loser_id=2,
        loser_name="",
        participant1_score=first,
        participant2_score=second,
        confirmed_at="2026-11-24T12:30:00.000Z",
        confirmed_by=None,
        games=games,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("score", [(2, 1), (None, None)])
def test_games_that_a_source_outside_tells_make_the_score(score: tuple[int | None, int | None]) -> None:
    """As those that staff enter do, with the score beside them or without."""
    games = ((11, 9), (8, 11), (12, 10))
    (completed, *_) = accept(match_of("table_tennis").tournament, told_outside(games, score))
    assert isinstance(completed, MatchCompleted)
    assert (completed.participant1_score, completed.participant2_score, completed.games) == (2, 1, games)


@pytest.mark.parametrize("walkover", [False, True])
@pytest.mark.parametrize(
    ("games", "score"),
    [
        (((0, 11), (0, 11), (3, 11)), (2, 1)),
        (((11, 9), (11, 9)), (2, 1)),
        (((-5, 10**9),), (2, 0)),
        (((1, 0),) * 5_000, (2, 0)),
        (((11, 9), (9, 5), (11, 0)), (2, 0)),
        ((), (3, 0)),
    ],
)
def test_games_that_a_source_outside_cannot_have_seen_are_refused(
    games: Games, score: tuple[int, int], walkover: bool
) -> None:
    """They reach no log, whoever tells of them, and however the match ended."""
    with pytest.raises(InvalidInput):
        accept(match_of("table_tennis").tournament, told_outside(games, score, walkover=walkover))


@pytest.mark.parametrize(
    ("preset", "game", "over"),
    [
        ("table_tennis", (11, 9), True),
        ("table_tennis", (11, 10), False),
        ("table_tennis", (15, 13), True),
        ("badminton", (21, 20), False),
        ("badminton", (30, 29), True),
        ("tennis", (6, 4), True),
        ("tennis", (6, 5), False),
        ("tennis", (7, 6), True),
    ],
)
def test_when_a_game_is_over(preset: str, game: tuple[int, int], over: bool) -> None:
    """By two, or at the cap."""
    play = match_of(preset)
    play.do(UpdateScore(match_id=1, games=(game,)))
    assert sum(the_match(play).score or ()) == over


def test_the_deciding_set_can_be_shorter() -> None:
    """Volleyball's fifth set goes to 15."""
    play = match_of("volleyball", best_of=5)
    sets = ((25, 20), (20, 25), (25, 20), (20, 25), (15, 13))
    play.do(UpdateScore(match_id=1, games=sets))
    assert the_match(play).score == (3, 2)


@pytest.mark.parametrize(
    ("games", "standing"),
    [
        (((9, 10),), "Game point"),
        (((11, 3), (10, 8)), "Match point"),
        (((11, 3), (8, 10)), "Game point"),
        (((11, 3), (10, 10)), ""),
        (((11, 3), (11, 8)), ""),
        ((), ""),
    ],
)
def test_the_next_point_may_end_it(games: Games, standing: str) -> None:
    """A game, or the match."""
    assert scoring.standing(the_match(match_of("table_tennis")).plan, TABLE_TENNIS, games) == standing


def test_a_typed_score_stays_possible() -> None:
    """Games won, without the games; but no more than it takes."""
    play = match_of("table_tennis")
    with pytest.raises(InvalidInput, match="when a side has won 2"):
        play.do(UpdateScore(match_id=1, participant1_score=3, participant2_score=0))
    play.do(UpdateScore(match_id=1, participant1_score=1, participant2_score=0))
    with pytest.raises(MatchUndecided, match="takes 2 wins; it stands 1–0"):
        play.do(ConfirmResult(match_id=1))
    play.do(UpdateScore(match_id=1, participant1_score=2, participant2_score=0))
    play.do(ConfirmResult(match_id=1))
    assert the_match(play).winner_id == 1


def test_all_games_can_be_played() -> None:
    """Two games, one each: a draw, where there are draws."""
    stage = StageSettings(format="round_robin", best_of=2, all_played=True)
    play = Play(2, stage)
    play.do(StartMatch(match_id=1))
    play.do(UpdateScore(match_id=1, games=((3, 1),)))
    with pytest.raises(MatchUndecided, match="takes 2 games"):
        play.do(ConfirmResult(match_id=1))
    play.do(UpdateScore(match_id=1, games=((3, 1), (0, 2))))
    play.do(ConfirmResult(match_id=1, drawn=True))
    assert the_match(play).winner_id is None


def test_an_even_number_of_games_by_rules_can_end_level() -> None:
    """Whatever the game: both are played, and nobody need win more of them."""
    rules = scoring.PRESETS["badminton"]
    play = Play(2, StageSettings(format="round_robin", best_of=2, all_played=True, games=rules))
    play.do(StartMatch(match_id=1))
    play.do(UpdateScore(match_id=1, games=((21, 9), (12, 21))))
    play.do(ConfirmResult(match_id=1))
    assert [row.drawn for row in play.tournament.stages[0].groups[0].table] == [1, 1]


def test_where_no_time_is_left_a_match_of_several_can_be_drawn() -> None:
    """As card games are; it is said, and not where all games are played or somebody has to win."""
    play = Play(4, StageSettings(format="round_robin", ruleset="tcg", best_of=3))
    play.do(StartMatch(match_id=1))
    play.do(UpdateScore(match_id=1, participant1_score=1, participant2_score=1))
    with pytest.raises(MatchUndecided):
        play.do(ConfirmResult(match_id=1))
    play.do(ConfirmResult(match_id=1, drawn=True))
    assert [row.points for row in play.tournament.stages[0].groups[0].table if row.played] == [1, 1]
    for stage, error in (
        (StageSettings(format="round_robin", best_of=2, all_played=True), MatchUndecided),
        (StageSettings(format="round_robin", best_of=3), MatchDrawn),
    ):
        other = Play(4, stage)
        other.do(StartMatch(match_id=1))
        with pytest.raises(error):
            other.do(ConfirmResult(match_id=1, drawn=True))


def test_points_that_cannot_be_are_told_by_their_game() -> None:
    """Whoever sends games knows no score."""
    play = match_of("table_tennis")
    for game in ((-1, 11), (10_000, 9998)):
        with pytest.raises(InvalidInput) as refused:
            play.do(UpdateScore(match_id=1, games=((11, 9), game)))
        told = "The points of game 2 must be whole numbers from 0 to 9999."
        assert refused.value.problems == {"games": told}


def test_a_result_is_told_at_once() -> None:
    """Chess: 1–0, 0–1, or 0–0 for a draw, and nothing else."""
    play = Play(2, StageSettings(format="round_robin", games=scoring.PRESETS["chess"]))
    play.do(StartMatch(match_id=1))
    with pytest.raises(InvalidInput):
        play.do(UpdateScore(match_id=1, participant1_score=2, participant2_score=0))
    play.do(ConfirmResult(match_id=1, score=(0, 0), drawn=True))
    assert [row.points for row in play.tournament.stages[0].groups[0].table] == [0.5, 0.5]


def test_rules_by_hand() -> None:
    """To 7, by one, at most."""
    rules = GameRules(to=7)
    play = Play(2, StageSettings(format="single_elimination", best_of=1, games=rules))
    play.do(StartMatch(match_id=1))
    play.do(UpdateScore(match_id=1, games=((7, 6),)))
    assert the_match(play).score == (1, 0)
