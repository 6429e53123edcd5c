"""Confirmed results: tie-breaks, notes, walkovers, and what bracket_updated says they moved."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from quart_app.domain.bracket.match import NOBODY, UNKNOWN, Match, MatchStatus, Result, Slot
from quart_app.domain.commands import Command, ConfirmResult, StartMatch, UpdateScore
from quart_app.domain.decisions import decide, update_bracket_after_match
from quart_app.domain.events import BracketUpdated, MatchCompleted, encode_event
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import AppError, InvalidInput, WinnerDisagrees
from tests.domain.strategies import AT, NOW, after, drawn, entrants, on_place, players, won


def live(score: tuple[int, int]) -> Tournament:
    """Match 1 of four players, being played."""
    return after(
        drawn(players(4), third_place=True),
        StartMatch(match_id=1),
        UpdateScore(match_id=1, participant1_score=score[0], participant2_score=score[1]),
    )


def test_a_match_is_decided_where_its_status_says_so() -> None:
    """Whatever its slots and facts are; and only a bye sends somebody on without a result."""
    plan = after(drawn(players(4))).matches[1].plan
    still_open = {MatchStatus.LOCKED, MatchStatus.READY, MatchStatus.LIVE}
    results = None, Result(1, 2), Result(1, 2, walkover=True), Result(None, None, walkover=True)
    sides = product((Slot(1), UNKNOWN, NOBODY), (Slot(2), UNKNOWN, NOBODY))
    for slots, result, facts in product(sides, results, product((False, True), repeat=4)):
        is_live, void, annulled, voided = facts
        match = Match(plan, slots, 1, is_live, None, result, void=void, annulled=annulled, voided=voided)
        assert match.decided == (match.status not in still_open)
        if match.winner_id is not None:
            assert match.result is not None or match.status is MatchStatus.BYE


def completed(tournament: Tournament, command: ConfirmResult) -> MatchCompleted:
    event, _ = decide(tournament, command, NOW, 5)
    assert isinstance(event, MatchCompleted)
    return event


def moved(tournament: Tournament, command: ConfirmResult) -> dict[str, Any]:
    """bracket_updated's data as it goes over the wire."""
    _, event = decide(tournament, command, NOW, 5)
    data: dict[str, Any] = json.loads(encode_event(event))
    return data


def test_a_result_tells_winner_loser_score_and_who_confirmed() -> None:
    """match_completed carries all of the contract, and nothing more where nothing more is to be told."""
    assert json.loads(encode_event(completed(live((1, 2)), ConfirmResult(match_id=1)))) == {
        "tournament_id": 7,
        "match_id": 1,
        "winner_id": 2,
        "winner_name": "Player 2",
        "loser_id": 1,
        "loser_name": "Player 1",
        "participant1_score": 1,
        "participant2_score": 2,
        "confirmed_at": AT,
        "confirmed_by": 5,
    }


def test_a_result_keeps_its_notes() -> None:
    """Tidied, in the event and in the state."""
    confirm = ConfirmResult(match_id=1, notes="  After\n extra time ")
    assert after(live((2, 1)), confirm).matches[1].result == Result(1, 2, notes="After extra time")


@pytest.mark.parametrize("notes", ["", " \n "])
def test_empty_notes_are_none(notes: str) -> None:
    """A field left empty in a form is not told to anybody."""
    assert completed(live((2, 1)), ConfirmResult(match_id=1, notes=notes)).notes is None


def test_notes_may_have_500_characters() -> None:
    """The limit itself is allowed."""
    assert completed(live((2, 1)), ConfirmResult(match_id=1, notes="x" * 500)).notes == "x" * 500


@pytest.mark.parametrize("notes", ["x" * 501, "\0", "\ud800", "\u202e"])
def test_notes_that_are_long_or_cannot_be_shown_are_refused(notes: str) -> None:
    """Too long, control characters, broken Unicode: the field is named."""
    with pytest.raises(InvalidInput) as refusal:
        decide(live((2, 1)), ConfirmResult(match_id=1, notes=notes), NOW)
    assert set(refusal.value.problems) == {"notes"}


@pytest.mark.parametrize(("tiebreak", "winner_id"), [((4, 3), 1), ((0, 3), 2), ((9999, 0), 1)])
@pytest.mark.parametrize("score", [(0, 0), (1, 1)])
def test_a_tiebreak_settles_a_level_score(
    score: tuple[int, int], tiebreak: tuple[int, int], winner_id: int
) -> None:
    """The shoot-out names the winner, at 0–0 too; it is told, and stays beside the score."""
    confirm = ConfirmResult(match_id=1, participant1_tiebreak=tiebreak[0], participant2_tiebreak=tiebreak[1])
    match = after(live(score), confirm).matches[1]
    assert (match.score, match.result) == (score, Result(winner_id, 3 - winner_id, tiebreak=tiebreak))


def test_a_tiebreak_and_its_winner_may_both_be_named() -> None:
    """A named winner does not turn a shoot-out after 0–0 into a walkover."""
    confirm = ConfirmResult(match_id=1, winner_id=2, participant1_tiebreak=3, participant2_tiebreak=4)
    assert completed(live((0, 0)), confirm).walkover is False


def test_a_winner_that_lost_the_tiebreak_is_refused() -> None:
    """As with the score itself."""
    confirm = ConfirmResult(match_id=1, winner_id=1, participant1_tiebreak=3, participant2_tiebreak=4)
    with pytest.raises(WinnerDisagrees):
        decide(live((0, 0)), confirm, NOW)


@pytest.mark.parametrize(
    ("score", "first", "second", "field"),
    [
        ((2, 1), 4, 3, "participant1_tiebreak"),
        ((1, 1), 3, 3, "participant1_tiebreak"),
        ((1, 1), 4, None, "participant2_tiebreak"),
        ((1, 1), None, 4, "participant1_tiebreak"),
        ((1, 1), -1, 4, "participant1_tiebreak"),
        ((1, 1), 4, 10_000, "participant2_tiebreak"),
    ],
)
def test_a_tiebreak_that_cannot_be_is_refused(
    score: tuple[int, int], first: int | None, second: int | None, field: str
) -> None:
    """After a score that is not level, itself level, one-sided or out of range: the field is named."""
    confirm = ConfirmResult(match_id=1, participant1_tiebreak=first, participant2_tiebreak=second)
    with pytest.raises(InvalidInput) as refusal:
        decide(live(score), confirm, NOW)
    assert set(refusal.value.problems) == {field}


def test_naming_a_winner_before_play_is_a_walkover() -> None:
    """The one way to settle a match that is only ready: marked, with no score."""
    event = completed(drawn(players(4)), ConfirmResult(match_id=1, winner_id=2))
    assert (event.walkover, event.winner_id, event.loser_id) == (True, 2, 1)
    assert (event.participant1_score, event.participant2_score) == (None, None)


def test_naming_a_winner_at_nil_nil_is_a_walkover() -> None:
    """Somebody gave up as it began."""
    event = completed(live((0, 0)), ConfirmResult(match_id=1, winner_id=2))
    assert (event.walkover, event.participant1_score) == (True, 0)


def test_a_walkover_overrules_the_score() -> None:
    """Who leads may have to give up; the score so far stays on record."""
    match = after(live((3, 1)), ConfirmResult(match_id=1, winner_id=2, walkover=True)).matches[1]
    assert (match.status.value, match.score, match.winner_id) == ("walkover", (3, 1), 2)


def test_a_walkover_needs_a_player_of_the_match() -> None:
    """Nobody else can go on."""
    with pytest.raises(InvalidInput):
        decide(live((0, 0)), ConfirmResult(match_id=1, winner_id=3, walkover=True), NOW)


def test_a_walkover_has_no_tiebreak() -> None:
    """Where nobody shot out, none is told."""
    confirm = ConfirmResult(
        match_id=1, winner_id=2, walkover=True, participant1_tiebreak=4, participant2_tiebreak=3
    )
    assert completed(live((1, 1)), confirm).participant1_tiebreak is None


def test_a_walkover_loser_is_out_but_for_the_third_place() -> None:
    """The place in the third-place match is kept for them, as for any loser."""
    bracket = after(drawn(players(4), third_place=True), ConfirmResult(match_id=1, winner_id=2))
    assert bracket.matches[3].slots[0].participant_id == 1


def test_a_double_walkover_has_neither_winner_nor_loser() -> None:
    """Nobody goes on, and nobody is told to have lost."""
    event = completed(live((0, 0)), ConfirmResult(match_id=1, walkover=True))
    assert (event.winner_id, event.winner_name, event.loser_id, event.loser_name) == (None,) * 4


def test_a_double_walkover_sends_a_bye_on() -> None:
    """The next opponent is through at once, down to the next real match."""
    bracket = after(drawn(players(8)), *won(2), ConfirmResult(match_id=1, walkover=True))
    assert bracket.matches[5].status.value == "bye"
    assert bracket.matches[7].slots[0].participant_id == 3


def test_a_double_walkover_before_the_opponent_is_known_makes_them_rest_later() -> None:
    """The bye waits for the winner of the other match."""
    bracket = after(drawn(players(8)), ConfirmResult(match_id=1, walkover=True))
    assert bracket.matches[5].status.value == "locked"
    assert after(bracket, *won(2)).matches[7].slots[0].participant_id == 3


def test_a_double_walkover_of_a_semi_final_gives_third_place_away() -> None:
    """The other semi-final's loser is third, its winner champion, without another match."""
    bracket = after(drawn(players(4), third_place=True), ConfirmResult(match_id=1, walkover=True), *won(2))
    assert bracket.status.value == "completed"
    assert (bracket.champion, on_place(bracket, 3)) == (bracket.participants[3], bracket.participants[4])


def test_bracket_updated_of_a_semi_final() -> None:
    """Winner and loser move on; both matches still wait for an opponent."""
    assert moved(live((1, 0)), ConfirmResult(match_id=1)) == {
        "tournament_id": 7,
        "bracket_id": 1,
        "updated_nodes": [3, 4],
        "next_matches": [
            {"match_id": 3, "round": 2, "position": 2, "participant1_id": 2, "participant2_id": None},
            {"match_id": 4, "round": 2, "position": 1, "participant1_id": 1, "participant2_id": None},
        ],
        "bracket_status": "active",
        "updated_at": AT,
    }


def test_bracket_updated_of_the_final() -> None:
    """Nobody moves on, and the bracket is completed."""
    final = after(drawn(players(2)), *won(1)[:2])
    assert moved(final, ConfirmResult(match_id=1)) == {
        "tournament_id": 7,
        "bracket_id": 1,
        "updated_nodes": [],
        "next_matches": [],
        "bracket_status": "completed",
        "updated_at": AT,
    }


def test_bracket_updated_of_a_double_walkover_reaches_past_the_bye() -> None:
    """The match that became a bye has changed and is told as one, and the one that it feeds is next."""
    bracket = after(drawn(players(8)), *won(2))
    told = moved(bracket, ConfirmResult(match_id=1, walkover=True))
    assert told["updated_nodes"] == [5, 7]
    bye = {"match_id": 5, "round": 2, "position": 1, "participant1_id": None, "participant2_id": 3}
    assert told["next_matches"] == [
        bye | {"bye": True},
        {"match_id": 7, "round": 3, "position": 1, "participant1_id": 3, "participant2_id": None},
    ]


def test_bracket_updated_is_decided_with_the_result() -> None:
    """A source outside that only tells results gets the same step from the same function."""
    bracket = live((1, 0))
    result, step = decide(bracket, ConfirmResult(match_id=1), NOW, 5)
    assert isinstance(result, MatchCompleted)
    assert isinstance(step, BracketUpdated)
    assert update_bracket_after_match(bracket, result, NOW) == step


@pytest.mark.parametrize("repeat", [ConfirmResult(match_id=1), ConfirmResult(match_id=1, walkover=True)])
def test_a_result_is_confirmed_once(repeat: Command) -> None:
    """A second confirmation is refused, even one that says the same."""
    with pytest.raises(AppError) as refusal:
        decide(after(live((1, 0)), ConfirmResult(match_id=1)), repeat, NOW)
    assert refusal.value.code == "match.already_completed"


def test_the_runner_up_lost_the_final() -> None:
    """And there is none before."""
    bracket = after(drawn(entrants(["A", "B", "C"])), *won(2, side=2))
    assert on_place(bracket, 2) is None
    assert on_place(after(bracket, *won(3)), 2) == bracket.participants[3]
