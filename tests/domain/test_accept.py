"""Events that a source outside tells: logged as our own if they can follow the state, else refused."""

from __future__ import annotations

from functools import reduce
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given

from quart_app.domain.commands import ConfirmResult, CreateTournament, ReopenMatch, StartMatch, UpdateScore
from quart_app.domain.decisions import accept, decide
from quart_app.domain.events import (
    BracketUpdated,
    Event,
    MatchCompleted,
    MatchStarted,
    NextMatch,
    ScoreUpdated,
    VisibilityChanged,
    encode_event,
)
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import (
    AppError,
    InvalidInput,
    MatchAlreadyCompleted,
    MatchDrawn,
    MatchNotLive,
    MatchNotReady,
    NotFound,
    UndoRefused,
    WinnerDisagrees,
)
from tests.domain.strategies import (
    AT,
    NOW,
    Chooser,
    after,
    choosers,
    created,
    creations,
    drawn,
    play,
    players,
    won,
)

E = TypeVar("E", bound=msgspec.Struct)

STARTED = MatchStarted(
    tournament_id=7,
    match_id=1,
    participant1_id=1,
    participant1_name="Player 1",
    participant2_id=2,
    participant2_name="Player 2",
    scheduled_time=None,
    bracket_round=1,
    bracket_position=1,
)
SCORED = ScoreUpdated(
    tournament_id=7, match_id=1, participant1_score=2, participant2_score=1, updated_at=AT, updated_by=None
)
COMPLETED = MatchCompleted(
    tournament_id=7,
    match_id=1,
    winner_id=1,
    winner_name="Player 1",
    loser_id=2,
    loser_name="Player 2",
    participant1_score=2,
    participant2_score=1,
    confirmed_at=AT,
    confirmed_by=None,
)
MOVED = BracketUpdated(
    tournament_id=7,
    bracket_id=1,
    updated_nodes=(3,),
    next_matches=(NextMatch(match_id=3, round=2, position=1, participant1_id=1, participant2_id=None),),
    bracket_status="active",
    updated_at=AT,
)

WAITING = drawn(players(4))
LIVE = after(WAITING, StartMatch(match_id=1))


def changed(event: E, **fields: object) -> E:
    return msgspec.structs.replace(event, **fields)


@given(creations(most=9), choosers(walkover=0.1, double_walkover=0.1))
def test_what_we_would_decide_is_accepted_as_it_is(command: CreateTournament, chooser: Chooser) -> None:
    """Another house that keeps the same rules can tell a whole tournament: its log becomes ours, with what
    each result moves right after it, whether or not that is told as well. Only its people are not ours."""
    state = next(play(created(command), chooser))[0]
    for _, events in play(state, chooser):
        if isinstance(events[0], MatchCompleted):
            assert accept(state, events[0]) == (changed(events[0], confirmed_by=None), *events[1:])
        for event in events:
            if isinstance(event, BracketUpdated):
                assert accept(state, event) == ()
            state = apply(state, event)


def test_names_and_places_are_ours() -> None:
    """A source that spells a name otherwise, or counts otherwise, does not change ours."""
    told = changed(STARTED, participant1_name="player one \ud800", bracket_round=9, bracket_position=0)
    assert accept(WAITING, told) == (STARTED,)


def test_times_are_kept_in_utc() -> None:
    """Whatever zone the source writes them in."""
    told = changed(SCORED, updated_at="2026-11-24T14:30:15.25+02:00")
    assert accept(LIVE, told) == (SCORED,)


def test_nobody_of_ours_has_entered_it() -> None:
    """Whomever a source names: its numbers of people are not ours, and nobody of ours may take it back."""
    assert accept(LIVE, changed(SCORED, updated_by=2)) == (SCORED,)
    assert accept(LIVE, changed(COMPLETED, confirmed_by=2)) == (COMPLETED, MOVED)
    told = reduce(apply, accept(LIVE, changed(COMPLETED, confirmed_by=2)), LIVE)
    with pytest.raises(UndoRefused):
        decide(told, ReopenMatch(match_id=1, own=True), NOW, 2)


def test_a_known_score_is_no_event() -> None:
    """A source that tells everything twice is heard once."""
    assert (
        accept(after(LIVE, UpdateScore(match_id=1, participant1_score=2, participant2_score=1)), SCORED) == ()
    )


def test_a_result_may_tell_a_score_that_we_have_not_heard() -> None:
    """The score of the result counts."""
    assert accept(LIVE, COMPLETED) == (COMPLETED, MOVED)


def test_a_result_without_scores_is_at_ours() -> None:
    """A source that only tells winners."""
    bracket = after(LIVE, UpdateScore(match_id=1, participant1_score=2, participant2_score=1))
    assert accept(bracket, changed(COMPLETED, participant1_score=None, participant2_score=None)) == (
        COMPLETED,
        MOVED,
    )


def test_a_winner_before_play_is_a_walkover() -> None:
    """As it is for staff: the event says so, though the source did not."""
    told = changed(COMPLETED, participant1_score=None, participant2_score=None)
    assert accept(WAITING, told) == (changed(told, walkover=True), MOVED)


@pytest.mark.parametrize(
    ("state", "told", "error"),
    [
        (WAITING, changed(STARTED, match_id=9), NotFound),
        (WAITING, changed(STARTED, participant1_id=2, participant2_id=1), InvalidInput),
        (WAITING, changed(STARTED, participant2_id=3), InvalidInput),
        (WAITING, changed(STARTED, scheduled_time="soon"), InvalidInput),
        (LIVE, STARTED, MatchNotReady),
        (LIVE, changed(SCORED, match_id=9), NotFound),
        (LIVE, changed(SCORED, participant1_score=-1), InvalidInput),
        (LIVE, changed(SCORED, updated_at="yesterday"), InvalidInput),
        (WAITING, SCORED, MatchNotLive),
        (LIVE, changed(COMPLETED, match_id=9), NotFound),
        (LIVE, changed(COMPLETED, winner_id=2, loser_id=1), WinnerDisagrees),
        (LIVE, changed(COMPLETED, winner_id=3), InvalidInput),
        (LIVE, changed(COMPLETED, loser_id=3), InvalidInput),
        (LIVE, changed(COMPLETED, loser_id=None), InvalidInput),
        (LIVE, changed(COMPLETED, winner_id=None, loser_id=None), InvalidInput),
        (LIVE, changed(COMPLETED, winner_id=None, participant2_score=2), MatchDrawn),
        (LIVE, changed(COMPLETED, participant1_score=10_000), InvalidInput),
        (LIVE, changed(COMPLETED, participant1_score=None), InvalidInput),
        (LIVE, changed(COMPLETED, notes="x" * 501), InvalidInput),
        (LIVE, changed(COMPLETED, confirmed_at=""), InvalidInput),
        (WAITING, COMPLETED, MatchNotLive),
        (after(LIVE, ConfirmResult(match_id=1, winner_id=2)), COMPLETED, MatchAlreadyCompleted),
        (LIVE, changed(MOVED, updated_nodes=(9,)), NotFound),
        (LIVE, changed(MOVED, next_matches=(changed(MOVED.next_matches[0], match_id=9),)), NotFound),
        (LIVE, changed(MOVED, bracket_status="open"), InvalidInput),
        (LIVE, changed(MOVED, updated_at="now"), InvalidInput),
        (LIVE, VisibilityChanged(tournament_id=7, visibility="private", changed_at=AT), InvalidInput),
    ],
)
def test_what_cannot_be_is_refused(state: Tournament, told: Event, error: type[AppError]) -> None:
    """Unknown matches, other players, impossible values and wrong moments never reach the log."""
    with pytest.raises(error):
        accept(state, told)


def test_a_shoot_out_is_accepted() -> None:
    """With its tie-break, which names the winner."""
    told = changed(
        COMPLETED, participant2_score=2, participant1_tiebreak=4, participant2_tiebreak=3, notes="Penalties"
    )
    assert accept(LIVE, told) == (told, MOVED)


DECIDED = after(LIVE, UpdateScore(match_id=1, participant1_score=2, participant2_score=1), *won(1)[-1:])


def test_what_moved_is_known_with_the_result() -> None:
    """The moves come with the result; told again, now or when more has moved, they are not logged twice."""
    later = after(DECIDED, *won(2))
    assert (accept(DECIDED, MOVED), accept(later, MOVED)) == ((), ())


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"bracket_id": 2}, "bracket_id"),
        ({"bracket_status": "completed"}, "bracket_status"),
        ({"next_matches": (changed(MOVED.next_matches[0], participant1_id=4),)}, "next_matches, match 3"),
        ({"next_matches": (changed(MOVED.next_matches[0], participant2_id=3),)}, "next_matches, match 3"),
        ({"next_matches": (changed(MOVED.next_matches[0], round=1),)}, "next_matches, match 3"),
        ({"next_matches": (changed(MOVED.next_matches[0], position=2),)}, "next_matches, match 3"),
    ],
)
def test_what_is_told_of_the_bracket_is_compared_never_believed(lie: dict[str, object], field: str) -> None:
    """Players, rounds and places that are not so are refused by the field's name."""
    with pytest.raises(InvalidInput) as refused:
        accept(DECIDED, changed(MOVED, **lie))
    assert list(refused.value.problems) == [field]


def test_an_accepted_event_is_the_one_that_staff_would_have_made() -> None:
    """Byte for byte."""
    bracket = after(LIVE, UpdateScore(match_id=1, participant1_score=2, participant2_score=1))
    ours, _ = decide(bracket, ConfirmResult(match_id=1), NOW, None)
    accepted, _ = accept(bracket, COMPLETED)
    assert encode_event(accepted) == encode_event(ours)
