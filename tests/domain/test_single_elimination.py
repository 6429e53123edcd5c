"""The feeder graph of single elimination, before anybody plays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.events import MAIN, THIRD_PLACE, MatchPlan, SlotPlan, StageSettings
from quart_app.domain.formats import Opening
from quart_app.domain.formats.single_elimination import SingleElimination
from quart_app.domain.state.tournament import Tournament
from quart_app.show.names import source_label
from tests.domain.strategies import after, drawn, entrants, players, sizes, won

POWERS = [2**k for k in range(1, 11)]


def graph(size: int, third_place: bool = False) -> tuple[MatchPlan, ...]:
    settings = StageSettings(format="single_elimination", third_place=third_place)
    lines = tuple(SlotPlan(participant=line) for line in range(1, size + 1))
    return SingleElimination().draw(Opening(settings, lines)).matches


def third_place_of(size: int) -> MatchPlan:
    (plan,) = [plan for plan in graph(size, third_place=True) if plan.stage == THIRD_PLACE]
    return plan


def statuses(tournament: Tournament) -> list[str]:
    return [match.status.value for match in tournament.matches.values()]


@pytest.mark.parametrize("size", POWERS)
def test_the_winner_of_m_goes_to_half_of_m_rounded_up(size: int) -> None:
    """The winner of match m of a round goes to match ceil(m/2) of the next, from an odd m to side 1."""
    plans = graph(size)
    at = {(plan.round, plan.position): plan for plan in plans}
    rounds = max(plan.round for plan in plans)
    for plan in plans:
        if plan.round < rounds:
            following = at[plan.round + 1, (plan.position + 1) // 2]
            side = following.slots[0 if plan.position % 2 else 1]
            assert side == SlotPlan(winner_of=plan.match_id)


@pytest.mark.parametrize("size", POWERS)
def test_each_round_halves_the_field(size: int) -> None:
    """Rounds of size/2, size/4 … 1 matches, positions 1, 2, 3 … in each."""
    expected = []
    matches = size // 2
    for round_number in range(1, size.bit_length()):
        expected += [(round_number, position) for position in range(1, matches + 1)]
        matches //= 2
    assert [(plan.round, plan.position) for plan in graph(size)] == expected


@pytest.mark.parametrize("third_place", [False, True])
@pytest.mark.parametrize("size", POWERS[1:])
def test_match_ids_count_in_play_order(size: int, third_place: bool) -> None:
    """1, 2, 3 …, and whatever feeds a match has a smaller id."""
    plans = graph(size, third_place)
    assert [plan.match_id for plan in plans] == list(range(1, len(plans) + 1))
    for plan in plans:
        assert all((slot.winner_of or slot.loser_of or 0) < plan.match_id for slot in plan.slots)


@pytest.mark.parametrize("size", POWERS[1:])
def test_the_third_place_match_takes_the_semi_final_losers_by_parity(size: int) -> None:
    """The loser of the first semi-final is side 1, that of the second side 2, as the winners in the final."""
    semi_finals = [plan.match_id for plan in graph(size) if plan.round == size.bit_length() - 2]
    assert third_place_of(size).slots == tuple(SlotPlan(loser_of=match_id) for match_id in semi_finals)


def test_the_third_place_match_comes_just_before_the_final() -> None:
    """It belongs to the last round, after the final by position and before it by number."""
    plan = third_place_of(8)
    assert (plan.match_id, plan.round, plan.position) == (7, 3, 2)


def test_the_final_is_the_last_match() -> None:
    """With a third place too, the highest number is the final's."""
    assert graph(16, third_place=True)[-1].stage == MAIN


@pytest.mark.parametrize(
    ("size", "names"),
    [
        (2, ("Final",)),
        (4, ("Semi-finals", "Final")),
        (16, ("Round of 16", "Quarter-finals", "Semi-finals", "Final")),
        (64, ("Round of 64", "Round of 32", "Round of 16", "Quarter-finals", "Semi-finals", "Final")),
    ],
)
def test_rounds_have_their_usual_names(size: int, names: tuple[str, ...]) -> None:
    """As every bracket calls them."""
    lines = tuple(SlotPlan(participant=line) for line in range(1, size + 1))
    opening = Opening(StageSettings(format="single_elimination"), lines)
    assert SingleElimination().draw(opening).rounds == names


@settings(max_examples=40)
@given(sizes(1024), st.sampled_from(["standard", "given"]), st.booleans())
def test_byes_are_only_in_the_first_round(count: int, seeding: str, third_place: bool) -> None:
    """Without byes of the organiser's own, nobody has two byes, and n - 1 matches are to be played."""
    bracket = drawn(players(count), seeding=seeding, third_place=third_place and count >= 4)
    byes = [match.plan.round for match in bracket.matches.values() if match.status is MatchStatus.BYE]
    assert set(byes) <= {1}
    assert len(bracket.matches) - len(byes) == count - 1 + (third_place and count >= 4)


def test_a_bye_is_decided_when_the_bracket_is_built() -> None:
    """Three players: the top one is in the final at once, and the bye is never a played match."""
    bracket = drawn(players(3))
    assert statuses(bracket) == ["bye", "ready", "locked"]
    assert bracket.matches[3].slots[0].participant_id == 1


def test_byes_go_down_the_bracket_recursively() -> None:
    """Four byes in one half of eight lines: whoever wins the other half has won."""
    bracket = drawn(entrants(["A", "B", None, None, None, None, None, None]))
    assert statuses(bracket) == ["ready", "bye", "bye", "bye", "locked", "bye", "locked"]
    assert statuses(after(bracket, *won(1, side=2))) == [
        "completed",
        "bye",
        "bye",
        "bye",
        "bye",
        "bye",
        "bye",
    ]


def test_the_champion_may_win_the_final_by_a_bye() -> None:
    """In such a draw the last real match makes the champion."""
    bracket = after(drawn(entrants(["A", "B", None, None, None, None, None, None])), *won(1, side=2))
    assert bracket.champion == bracket.participants[2]


def test_a_bye_and_an_unknown_opponent_differ() -> None:
    """A slot that nobody will ever fill says so; one that waits does not."""
    semi_final = drawn(players(3)).matches[1]
    final = drawn(players(3)).matches[3]
    assert (semi_final.slots[1].bye, final.slots[1].bye) == (True, False)


@pytest.mark.parametrize(
    ("match_id", "label"),
    [(1, "R16 1"), (8, "R16 8"), (10, "QF 2"), (13, "SF 1"), (15, "3rd place"), (16, "Final")],
)
def test_each_match_has_a_short_label(match_id: int, label: str) -> None:
    """The labels of a bracket of sixteen with a third place."""
    bracket = drawn(players(16), third_place=True)
    assert bracket.matches[match_id].plan.label == label


@pytest.mark.parametrize(
    ("match_id", "labels"),
    [
        (9, ["Winner of R16 1", "Winner of R16 2"]),
        (15, ["Loser of SF 1", "Loser of SF 2"]),
        (16, ["Winner of SF 1", "Winner of SF 2"]),
    ],
)
def test_an_open_slot_says_where_its_player_comes_from(match_id: int, labels: list[str]) -> None:
    """Winners and losers, by the label of their match."""
    bracket = drawn(players(16), third_place=True)
    assert [source_label(bracket, source) for source in bracket.matches[match_id].plan.slots] == labels


def test_a_bye_is_called_a_bye() -> None:
    """And a line that is somebody's own needs no words."""
    bracket = drawn(players(3))
    assert [source_label(bracket, source) for source in bracket.matches[1].plan.slots] == ["", "Bye"]


@given(sizes(1024))
@settings(max_examples=25)
def test_labels_are_unique(count: int) -> None:
    """No two matches of a bracket share a label."""
    bracket = drawn(players(count), third_place=count >= 4)
    labels = {match.plan.label for match in bracket.matches.values()}
    assert len(labels) == len(bracket.matches)
