"""Tables by hand: rackets, volleyball, chess, card games, and criteria of one's own."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.domain.ranking import (
    ENDLESS,
    RULESETS,
    Facts,
    Outcome,
    Pairing,
    Unplayed,
    by_hand,
    prospects,
    standings,
)
from quart_app.domain.ranking.rulesets import Ruleset
from quart_app.errors import InvalidInput


def outcome(
    number: int,
    first: int,
    second: int,
    a: int,
    b: int,
    games: tuple[tuple[int, int], ...] = (),
    round_: int = 1,
) -> Outcome:
    """A played match."""
    winner = None if a == b else first if a > b else second
    return Outcome(number, round_, (first, second), (a, b), games, winner, winner is None)


def values(facts: Facts, ruleset: Ruleset, criterion: str) -> dict[int, Fraction | None]:
    """What everybody has by a criterion."""
    return {row.participant_id: dict(row.tiebreaks)[criterion] for row in standings(facts, ruleset)}


def test_rackets_compare_games_then_points_and_start_again() -> None:
    """Three level at one win each (ITTF, 3.7.5): one is placed by games, then the other two by their
    match."""
    facts = Facts(
        (1, 2, 3, 4),
        (
            outcome(1, 1, 2, 3, 0),
            outcome(2, 2, 3, 3, 2),
            outcome(3, 3, 1, 3, 1),
            outcome(4, 1, 4, 3, 0),
            outcome(5, 2, 4, 3, 0),
            outcome(6, 3, 4, 3, 0),
        ),
    )
    rows = standings(facts, RULESETS["racket"])
    # games among the three: 1 has 4–3, 3 has 5–4, 2 has 3–5; so 1 (4/3) before 3 (5/4) before 2
    assert [row.participant_id for row in rows] == [1, 3, 2, 4]
    assert [row.points for row in rows] == [5, 5, 5, 3]


def test_who_does_not_turn_up_gets_no_point() -> None:
    """A loss that was played brings one point in table tennis, a walkover none."""
    given_up = Outcome(1, 1, (1, 2), None, winner_id=1, walkover=True)
    rows = standings(Facts((1, 2), (given_up,)), RULESETS["racket"])
    assert [(row.participant_id, int(row.points)) for row in rows] == [(1, 2), (2, 0)]


def test_volleyball_counts_the_sets() -> None:
    """3–1 brings three points, 3–2 two and the loser one."""
    facts = Facts((1, 2, 3), (outcome(1, 1, 2, 3, 2), outcome(2, 2, 3, 3, 1), outcome(3, 3, 1, 2, 3)))
    assert {row.participant_id: row.points for row in standings(facts, RULESETS["volleyball"])} == {
        1: 4,
        2: 4,
        3: 1,
    }


def test_nothing_lost_is_the_best_ratio() -> None:
    """A division by zero is the best there is."""
    facts = Facts((1, 2), (outcome(1, 1, 2, 3, 0, ((11, 0), (11, 0), (11, 0))),))
    assert values(facts, RULESETS["volleyball"], "game_ratio") == {1: ENDLESS, 2: 0}


def swiss_of_four() -> Facts:
    """Three rounds: 1 beats 2, 3, draws 4; 2 beats 3 and 4; 3 draws 4."""
    return Facts(
        (1, 2, 3, 4),
        (
            outcome(1, 1, 2, 1, 0, round_=1),
            outcome(2, 3, 4, 0, 0, round_=1),
            outcome(3, 1, 3, 1, 0, round_=2),
            outcome(4, 2, 4, 1, 0, round_=2),
            outcome(5, 1, 4, 0, 0, round_=3),
            outcome(6, 2, 3, 1, 0, round_=3),
        ),
        rounds=3,
    )


def test_chess_by_opponents() -> None:
    """Scores 2½, 2, ½, 1: Buchholz is the opponents' sum, its cut leaves out the lowest."""
    facts, rules = swiss_of_four(), RULESETS["chess_swiss"]
    half = Fraction(1, 2)
    assert values(facts, rules, "buchholz") == {1: 3 + half, 2: 4, 4: 5, 3: 5 + half}
    assert values(facts, rules, "buchholz_cut1") == {1: 3, 2: 3 + half, 4: 4 + half, 3: 4 + half}
    assert values(facts, rules, "sonneborn_berger") == {1: 3, 2: 1 + half, 4: 1 + half, 3: half}


def test_an_unplayed_round_is_one_against_oneself() -> None:
    """For Buchholz a bye counts with one's own score; for the opponents a late absence counts as a draw."""
    facts = Facts(
        (1, 2, 3),
        (outcome(1, 1, 2, 1, 0, round_=1), outcome(2, 1, 3, 1, 0, round_=2)),
        (Unplayed(1, 3, Fraction(1)), Unplayed(2, 2, Fraction(0), requested=True)),
        rounds=2,
    )
    # 2 has 0 points, counted as ½ for 1; 3 has 1
    assert values(facts, RULESETS["chess_swiss"], "buchholz") == {1: Fraction(3, 2), 3: 1 + 2, 2: 2 + 0}


def test_a_cut_takes_the_round_that_one_chose_not_to_play() -> None:
    """Even where another contributes less."""
    facts = Facts(
        (1, 2, 3),
        (
            outcome(1, 1, 2, 1, 0, round_=1),
            outcome(2, 1, 3, 1, 0, round_=2),
            outcome(3, 2, 3, 0, 1, round_=3),
        ),
        (
            Unplayed(3, 1, Fraction(0), requested=True),
            Unplayed(1, 3, Fraction(0)),
            Unplayed(2, 2, Fraction(0)),
        ),
        rounds=3,
    )
    assert values(facts, RULESETS["chess_swiss"], "buchholz")[1] == 0 + 1 + 2
    assert values(facts, RULESETS["chess_swiss"], "buchholz_cut1")[1] == 0 + 1


def test_card_games_have_a_floor_and_leave_byes_out() -> None:
    """Opponents' match-win share: at least 0.33 each, and a bye is no opponent."""
    facts = Facts(
        (1, 2, 3),
        (outcome(1, 1, 2, 2, 0, round_=1), outcome(2, 1, 3, 2, 1, round_=2)),
        (Unplayed(1, 3, Fraction(3)), Unplayed(2, 2, Fraction(3))),
        rounds=2,
    )
    half, floor = Fraction(1, 2), Fraction(33, 100)
    assert values(facts, RULESETS["tcg"], "opponents_match_win") == {1: half, 2: 1, 3: 1}
    assert values(facts, RULESETS["tcg"], "game_win") == {1: Fraction(4, 5), 2: half, 3: Fraction(3, 5)}
    assert values(facts, RULESETS["tcg"], "opponents_game_win")[1] == (half + Fraction(3, 5)) / 2
    lost = Facts((1, 2), (outcome(1, 1, 2, 2, 0),))
    assert values(lost, RULESETS["tcg"], "opponents_match_win")[1] == floor


def test_criteria_by_hand() -> None:
    """Any list of them; an unknown one is named."""
    assert by_hand(["wins", "lots"]).criteria == ("wins", "lots")
    with pytest.raises(InvalidInput, match="no criterion beauty"):
        by_hand(["wins", "beauty"])


def completions(open_: list[Pairing], chance: Random, draws: bool) -> tuple[Outcome, ...]:
    """The open matches, ended at random."""
    ended = []
    for pairing in open_:
        a, b = chance.randint(0, 4), chance.randint(0, 4)
        if a == b and not draws:
            a += 1
        ended.append(outcome(pairing.match_id, *pairing.sides, a, b))
    return tuple(ended)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(3, 5),
    st.integers(0, 7),
    st.booleans(),
    st.sampled_from(
        ["football", "football_uefa", "racket", "volleyball", "chess_round_robin", "esports_swiss"]
    ),
    st.sets(st.integers(1, 5)),
)
def test_what_is_certain_never_changes(
    seed: int, count: int, left: int, draws: bool, name: str, ranked: set[int]
) -> None:
    """However the open matches end, nobody comes to a place outside their prospects; and what is decided is
    certain where nothing is open."""
    chance = Random(seed)
    pairings = [
        Pairing(number, 1, (a, b))
        for number, (a, b) in enumerate(
            ((a, b) for a in range(1, count + 1) for b in range(a + 1, count + 1)), start=1
        )
    ]
    chance.shuffle(pairings)
    open_, played = pairings[:left], completions(pairings[left:], chance, draws)
    everybody = tuple(range(1, count + 1))
    ranking = {who: who for who in everybody if who in ranked}
    found = prospects(Facts(everybody, played, ranking=ranking), open_, RULESETS[name], draws=draws)
    for _ in range(12):
        final = Facts(everybody, played + completions(open_, chance, draws), ranking=ranking)
        rows = standings(final, RULESETS[name])
        for row in rows:
            best, worst = found[row.participant_id]
            shared = sum(other.place == row.place for other in rows)
            assert best <= row.place
            assert row.place + shared - 1 <= worst
    if not open_:
        decided = standings(Facts(everybody, played, ranking=ranking), RULESETS[name])
        assert all(found[row.participant_id][0] == row.place for row in decided)


def test_a_group_can_be_won_early() -> None:
    """Two wins, and the other two have taken points from each other: first for certain with two to play."""
    facts = Facts(
        (1, 2, 3, 4),
        (outcome(1, 1, 2, 2, 0), outcome(2, 3, 4, 0, 0), outcome(3, 1, 3, 1, 0), outcome(4, 2, 4, 1, 1)),
    )
    open_ = [Pairing(5, 3, (1, 4)), Pairing(6, 3, (2, 3))]
    found = prospects(facts, open_, RULESETS["football"], draws=True)
    assert found[1] == (1, 1)
    assert found[2][0] == 2
