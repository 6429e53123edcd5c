"""The worked exercises of FIDE's tie-breaks (C.07, 2023), by Mario Held: two Swiss and an all against all.

A line is a player with their rounds: "10b1" beat 10 with the black pieces, "+" and "-" are forfeits, H is a
requested half point, U the bye of an odd number, Z an absence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from quart_app.domain.ranking import RULESETS, Facts, Outcome, Unplayed, standings
from quart_app.domain.ranking.criteria import CRITERIA, Count
from quart_app.domain.ranking.records import records_of

SWISS_OF_5 = """
1 9w1 13b= 2w= 15b1 4w=
2 10b1 7w1 1b= 16w1 3b=
3 11w= 6b1 8w1 4b= 2w=
4 12b1 H 13w1 3w= 1b=
5 13w0 15b0 11w1 7b= 10w1
6 14b0 3w0 U 10w1 8b1
7 15w1 2b0 16b0 5w= 11b0
8 16b= 14w1 3b0 13w1 6w0
9 1b0 10w0 H 11b- U
10 2w0 9b1 15w0 6b0 5b0
11 3b= 16w0 5b0 9w+ 7w1
12 4w0 U 14w+ Z Z
13 5b1 1w= 4b0 8b0 14w0
14 6w1 8b0 12b- Z 13b1
15 7b0 5w1 10b1 1w0 16b0
16 8w= 11b1 7w1 2b0 15w1
"""
SWISS_OF_9 = """
1 9w1 13b= 2w= 15b1 4w= 6b= 3b= 16w= 8b1
2 10b1 7w1 1b= 16w1 3b1 4w= 6w0 15b= 5w=
3 11w= 6b1 8w1 4b= 2w0 16b1 1w= 14w1 10b1
4 12b1 H 13w1 3w= 1b= 2b= 16w= 6b= 15w1
5 13w0 15b0 11w1 7b= 10w1 14b0 9b1 8w0 2b=
6 14b0 3w0 U 10w1 8b1 1w= 2b1 4w= 16b1
7 15w1 2b0 16b0 5w= 11b0 10b0 13w1 9w1 14b1
8 16b= 14w1 3b0 13w1 6w0 11b= 15w= 5b1 1w0
9 1b0 10w0 H 11b- U 13b1 5w0 7b0 12w=
10 2w0 9b1 15w0 6b0 5b0 7w1 12b1 11w1 3w0
11 3b= 16w0 5b0 9w+ 7w1 8w= 14b0 10b0 13w=
12 4w0 U 14w+ Z Z 15b0 10w0 13b= 9b=
13 5b1 1w= 4b0 8b0 14w0 9w0 7b0 12w= 11b=
14 6w1 8b0 12b- Z 13b1 5w1 11w1 3b0 7w0
15 7b0 5w1 10b1 1w0 16b0 12w1 8b= 2w= 4b0
16 8w= 11b1 7w1 2b0 15w1 3w0 4b= 1b= 6w0
"""
ALL_AGAINST_ALL = """
1 5w= 2w1 3b1 4w0 6b1
2 6w1 1b0 5w1 3w= 4b1
3 4w1 6b1 1w0 2b= 5w1
4 3b0 5b0 6w= 1b1 2w0
5 1b= 4w1 2b0 6w- 3b0
6 2b0 3w0 4b= 5b+ 1w0
"""
FREE = {"H": Fraction(1, 2), "U": Fraction(1), "Z": Fraction(0)}


def facts_of(text: str, *, rounds: int | None) -> Facts:
    """What the lines tell; ``rounds`` is how many were paired, of a Swiss."""
    players, outcomes, unplayed = [], list[Outcome](), []
    for line in text.strip().splitlines():
        who, *played = line.split()
        players.append(int(who))
        for round_, cell in enumerate(played, start=1):
            if cell in FREE:
                unplayed.append(Unplayed(round_, int(who), FREE[cell], requested=cell != "U"))
                continue
            opponent, colour, result = re.fullmatch(r"(\d+)([wb])(.)", cell).groups()  # type: ignore[union-attr]
            if colour == "w":
                sides = int(who), int(opponent)
                winner = {"1": sides[0], "+": sides[0], "0": sides[1], "-": sides[1]}.get(result)
                told = {"winner_id": winner, "drawn": winner is None, "walkover": result in "+-"}
                outcomes.append(Outcome(len(outcomes) + 1, round_, sides, (0, 0), **told))  # type: ignore[arg-type]
    return Facts(tuple(players), tuple(outcomes), tuple(unplayed), rounds=rounds)


SWISS = facts_of(SWISS_OF_5, rounds=5)
LONG_SWISS = facts_of(SWISS_OF_9, rounds=9)
ROUND_ROBIN = facts_of(ALL_AGAINST_ALL, rounds=None)


@pytest.mark.parametrize(
    ("facts", "criterion", "told"),
    [
        (SWISS, "buchholz", "12.5 13 15.5 15 8.5 12 14.5 13.5 9 13 13.5 11.5 14 11 12 12.5"),
        (SWISS, "buchholz_cut1", "11 12 13 11.5 7.5 11 12.5 12 7.5 11.5 12 9.5 12 9 11 11"),
        (
            SWISS,
            "sonneborn_berger",
            "8 9.5 10.5 9.75 4.25 6.5 3.25 5.25 2.25 1.5 5.75 4 4.25 4.5 3.5 7.25",
        ),
        (SWISS, "wins", "2 3 2 2 2 3 1 2 1 1 2 2 1 2 2 3"),
        (ROUND_ROBIN, "sonneborn_berger", "9.25 6.25 6.25 4.25 3.25 2.25"),
        (ROUND_ROBIN, "koya", "2 0.5 0.5 1 0.5 0"),
    ],
)
def test_the_values_of_the_exercises(facts: Facts, criterion: str, told: str) -> None:
    """Exercises 1 to 8, 11, 12, 14, 16 and 27, of all players."""
    count = Count(facts, records_of(facts, RULESETS["chess_swiss"].points.of))
    found = [CRITERIA[criterion].value(count, who, facts.entrants) for who in facts.entrants]
    assert found == [Fraction(value) for value in told.split()]


@pytest.mark.parametrize(
    ("facts", "places"),
    [
        (ROUND_ROBIN, {1: 1, 2: 2, 3: 2, 6: 4, 5: 5, 4: 6}),
        (LONG_SWISS, dict(zip((3, 6, 1, 4, 2, 7, 8, 16, 5), (1, 2, 3, 3, 5, 6, 6, 6, 9), strict=True))),
        (LONG_SWISS, dict(zip((10, 14, 15, 11, 9, 12), (9, 9, 9, 13, 14, 14), strict=True))),
        (SWISS, {2: 1, 1: 2, 3: 2, 4: 2, 16: 2, 5: 7, 8: 7, 11: 7}),
    ],
)
def test_the_places_of_the_exercises_by_direct_encounter(facts: Facts, places: Mapping[int, int]) -> None:
    """Exercises 23 to 26: those who have not all met stay together, forfeits count all against all."""
    rules = replace(RULESETS["chess_swiss"], criteria=("direct",))
    found = {row.participant_id: row.place for row in standings(facts, rules)}
    assert {who: found[who] for who in places} == places


def four_level(*results: tuple[int, int, int | None]) -> list[tuple[int, int]]:
    """Places and players by direct encounter alone, of four who have the same points otherwise; a result is
    of two players and says who has won."""
    outcomes, short = [], dict.fromkeys((1, 2, 3, 4), Fraction(3))
    for number, (first, second, winner) in enumerate(results, start=1):
        outcomes.append(Outcome(number, 1, (first, second), (0, 0), winner_id=winner, drawn=winner is None))
        for who in (first, second):
            short[who] -= Fraction(1, 2) if winner is None else winner == who
    others = tuple(Unplayed(4, who, points) for who, points in short.items())
    rules = replace(RULESETS["chess_swiss"], criteria=("direct",))
    table = standings(Facts((1, 2, 3, 4), tuple(outcomes), others, rounds=4), rules)
    return [(row.place, row.participant_id) for row in table]


def test_who_is_first_for_certain_is_placed_though_not_all_have_met() -> None:
    """1 has beaten all others; 2 and 3 have not met, so it is open who of the rest is next (C.07, 6.2)."""
    assert four_level((1, 2, 1), (1, 3, 1), (1, 4, 1), (2, 4, None), (3, 4, None)) == [
        (1, 1),
        (2, 2),
        (2, 3),
        (2, 4),
    ]
    assert four_level((1, 2, 1), (2, 3, 2), (3, 4, 3)) == [(1, 1), (1, 2), (1, 3), (1, 4)]


def test_those_still_level_are_compared_again_among_themselves() -> None:
    """1 and 2 have two points of three, as 3 and 4 have one; each pair by its own game then."""
    assert four_level((2, 1, 2), (1, 3, 1), (1, 4, 1), (2, 3, 2), (4, 2, 4), (3, 4, 3)) == [
        (1, 2),
        (2, 1),
        (3, 3),
        (4, 4),
    ]
