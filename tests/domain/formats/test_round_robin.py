"""Round robin: the Berger tables, groups, and what follows from them."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain.commands import (
    AddParticipant,
    ConfirmResult,
    CreateTournament,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.decisions import decide
from quart_app.domain.events import GameRules, StageSettings
from quart_app.domain.fold import fold
from quart_app.domain.formats.round_robin import grouped, schedule
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput, MatchDrawn
from tests.domain.formats.playing import Play
from tests.domain.strategies import NOW, players

BERGER = {
    4: "1–4 2–3 | 4–3 1–2 | 2–4 3–1",
    6: "1–6 2–5 3–4 | 6–4 5–3 1–2 | 2–6 3–1 4–5 | 6–5 1–4 2–3 | 3–6 4–2 5–1",
    8: "1–8 2–7 3–6 4–5 | 8–5 6–4 7–3 1–2 | 2–8 3–1 4–7 5–6 | 8–6 7–5 1–4 2–3 | 3–8 4–2 5–1 6–7 | "
    "8–7 1–6 2–5 3–4 | 4–8 5–3 6–2 7–1",
}
"""FIDE Handbook C.05, annex 1."""


@pytest.mark.parametrize("members", BERGER)
def test_the_tables_are_those_of_fide(members: int) -> None:
    """Round by round, side by side."""
    rounds = [" ".join(f"{a + 1}–{b + 1}" for a, b in pairs) for pairs in schedule(members, 1)]
    assert " | ".join(rounds) == BERGER[members]


@given(st.integers(2, 40), st.sampled_from([1, 2]))
def test_everybody_meets_everybody_once_a_leg(members: int, legs: int) -> None:
    """Nobody twice in a round, and over two legs once on each side."""
    rounds = schedule(members, legs)
    met = Counter(pair for pairs in rounds for pair in pairs)
    assert all(len({who for pair in pairs for who in pair}) == 2 * len(pairs) for pairs in rounds)
    both_ways = Counter(frozenset(pair) for pair in met.elements())
    assert set(both_ways.values()) == {legs}
    assert len(both_ways) == members * (members - 1) // 2
    assert set(met.values()) == {1}


def test_sixteen_in_four_groups_are_a_snake() -> None:
    """A 1 8 9 16, B 2 7 10 15 …; as listed, group after group."""
    snake = grouped(range(1, 17), 4, given=False)
    assert snake == [(1, 8, 9, 16), (2, 7, 10, 15), (3, 6, 11, 14), (4, 5, 12, 13)]
    assert grouped(range(1, 8), 3, given=True) == [(1, 2, 3), (4, 5), (6, 7)]


@given(st.integers(2, 128), st.integers(1, 32), st.booleans())
def test_groups_differ_by_one_at_most(count: int, groups: int, given_: bool) -> None:
    """And everybody is in one of them."""
    if count < 2 * groups:
        return
    made = grouped(range(count), groups, given=given_)
    sizes = sorted(map(len, made))
    assert sizes[-1] - sizes[0] <= 1
    assert sorted(who for group in made for who in group) == list(range(count))


@settings(max_examples=25)
@given(st.integers(2, 14), st.integers(1, 3), st.sampled_from([1, 2]), st.integers(0, 2**32 - 1))
def test_a_table_does_not_depend_on_the_order_of_results(
    count: int, groups: int, legs: int, seed: int
) -> None:
    """The same results confirmed in another order make the same table; the log alone tells the same."""
    if count < 2 * groups:
        return
    stage = StageSettings(format="round_robin", groups=groups, legs=legs)
    first, second = Play(count, stage), Play(count, stage)
    chance = Random(seed)
    results = {
        match_id: (chance.randint(0, 3), chance.randint(0, 3)) for match_id in first.tournament.matches
    }
    for play in (first, second):
        ids = list(results)
        chance.shuffle(ids)
        for match_id in ids:
            play.result(match_id, results[match_id])
    tables = [[group.table for group in play.tournament.stages[0].groups] for play in (first, second)]
    assert tables[0] == tables[1]
    assert fold(7, first.log).stages == first.tournament.stages


def test_a_draw_is_a_result_in_a_group() -> None:
    """No winner, a point for each, and the event says so; clients of old see a match without a winner."""
    play = Play(4, StageSettings(format="round_robin"))
    play.result(1, (1, 1))
    match = play.tournament.matches[1]
    assert (match.status.value, match.winner_id) == ("completed", None)
    completed = next(event for event in play.log if event.type == "match_completed")
    assert completed.drawn is True  # type: ignore[attr-defined]
    rows = {row.participant_id: row for row in play.tournament.stages[0].groups[0].table}
    assert [rows[who].points for who in (1, 4)] == [1, 1]


def test_a_draw_is_none_where_there_are_none() -> None:
    """In a table of best-of-threes, and wherever an organiser says so."""
    play = Play(4, StageSettings(format="round_robin", draws=False))
    play.do(StartMatch(match_id=1))
    with pytest.raises(MatchDrawn):
        play.do(ConfirmResult(match_id=1))
    play.do(UpdateScore(match_id=1, participant1_score=1, participant2_score=0))
    play.do(ConfirmResult(match_id=1))


@pytest.mark.parametrize(
    ("count", "wish", "field"),
    [
        (3, {"groups": 2}, "groups"),
        (4, {"groups": 0}, "groups"),
        (41, {}, "groups"),
        (4, {"legs": 3}, "legs"),
        (4, {"ruleset": "cricket"}, "ruleset"),
        (4, {"criteria": ("beauty",)}, "ruleset"),
        (4, {"best_of": 2}, "best_of"),
        (4, {"best_of": 0}, "best_of"),
        (4, {"best_of": 2, "all_played": True, "format": "single_elimination"}, "best_of"),
        (4, {"best_of": 2, "all_played": True, "format": "double_elimination"}, "best_of"),
        (4, {"best_of_rounds": {"Final": 3}}, "best_of"),
        (4, {"games": GameRules(to=11, by=12)}, "games"),
        (4, {"games": GameRules(to=11, cap=10)}, "games"),
        (4, {"name": "Gr\x00up"}, "name"),
        (4, {"name": "x" * 61}, "name"),
    ],
)
def test_what_cannot_be_is_refused(count: int, wish: dict[str, object], field: str) -> None:
    """By the setting that is wrong."""
    stage = StageSettings(**{"format": "round_robin", **wish})  # type: ignore[arg-type]
    command = CreateTournament(name="Cup", entrants=players(count), stages=(stage,))
    with pytest.raises(InvalidInput) as refused:
        decide(Tournament(7), command, NOW)
    assert set(refused.value.problems) == {field}


def test_a_draft_takes_nobody_for_whom_its_format_has_no_room() -> None:
    """A group has at most 40; that is told now, and not when the bracket is drawn."""
    stage = StageSettings(format="round_robin")
    draft = fold(
        7, decide(Tournament(7), CreateTournament(name="Cup", entrants=players(40), stages=(stage,)), NOW)
    )
    with pytest.raises(InvalidInput) as refused:
        decide(draft, AddParticipant(name="Somebody"), NOW)
    assert set(refused.value.problems) == {"name"}
