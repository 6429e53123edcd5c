"""What each wish becomes in each state of a match, and why it is refused."""

from __future__ import annotations

from datetime import timedelta, timezone
from functools import cache

import pytest

from quart_app.domain.commands import (
    ChangeVisibility,
    Command,
    ConfirmResult,
    CreateTournament,
    GenerateBracket,
    RegisterParticipants,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event, MatchStarted, ScoreUpdated
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import (
    AppError,
    BracketExists,
    Conflict,
    InvalidInput,
    MatchDrawn,
    MatchNotLive,
    NotFound,
    VersionConflict,
    WinnerDisagrees,
)
from tests.domain.strategies import AT, NOW, after, created, drawn, entrants, players, step, won

STATES = {
    "bye": 1,
    "completed": 2,
    "live": 3,
    "ready": 4,
    "walkover": 5,
    "double_walkover": 6,
    "locked": 10,
    "bye by a double walkover": 11,
}


@cache
def every_state() -> Tournament:
    """A bracket of sixteen lines that holds a match in each state, by the ids of ``STATES``."""
    bracket = drawn(entrants(["A", None, *"CDEFGHIJKLMNOP"]))
    first, _ = (slot.participant_id for slot in bracket.matches[5].slots)
    return after(
        bracket,
        *won(2),
        StartMatch(match_id=3),
        UpdateScore(match_id=3, participant1_score=1, participant2_score=1),
        ConfirmResult(match_id=5, winner_id=first),
        ConfirmResult(match_id=6, walkover=True),
    )


def answer(tournament: Tournament, command: Command) -> list[str] | str:
    """The names of the events, or the code of the refusal."""
    try:
        return [event.type for event in decide(tournament, command, NOW, 1)]
    except AppError as error:
        return error.code


def only(events: tuple[Event, ...]) -> Event:
    (event,) = events
    return event


def live(score: tuple[int, int] = (0, 0)) -> Tournament:
    """Match 1 of two players, being played."""
    return after(
        drawn(players(2)),
        StartMatch(match_id=1),
        UpdateScore(match_id=1, participant1_score=score[0], participant2_score=score[1]),
    )


@pytest.mark.parametrize(("state", "match_id"), STATES.items())
def test_the_bracket_holds_every_state(state: str, match_id: int) -> None:
    """The world of the table below is what it says."""
    assert every_state().matches[match_id].status.value == state.split()[0]


@pytest.mark.parametrize(
    ("state", "starts", "scores", "confirms", "walks_over"),
    [
        ("locked", "match.locked", "match.locked", "match.locked", "match.locked"),
        (
            "ready",
            ["match_started"],
            "match.not_live",
            "match.not_live",
            ["match_completed", "bracket_updated"],
        ),
        (
            "live",
            "match.not_ready",
            ["score_updated"],
            ["match_completed", "bracket_updated"],
            ["match_completed", "bracket_updated"],
        ),
        *(
            (state, *["match.already_completed"] * 4)
            for state in ("completed", "walkover", "double_walkover", "bye", "bye by a double walkover")
        ),
    ],
)
@pytest.mark.parametrize("wish", ["starts", "scores", "confirms", "walks_over"])
def test_each_state_answers_each_wish(
    state: str,
    starts: list[str] | str,
    scores: list[str] | str,
    confirms: list[str] | str,
    walks_over: list[str] | str,
    wish: str,
) -> None:
    """The table of states and wishes: the events named, or the refusal that names the state."""
    match_id = STATES[state]
    table: dict[str, tuple[Command, list[str] | str]] = {
        "starts": (StartMatch(match_id=match_id), starts),
        "scores": (UpdateScore(match_id=match_id, participant1_score=2, participant2_score=1), scores),
        "confirms": (
            ConfirmResult(match_id=match_id, participant1_tiebreak=4, participant2_tiebreak=3),
            confirms,
        ),
        "walks_over": (ConfirmResult(match_id=match_id, walkover=True), walks_over),
    }
    command, expected = table[wish]
    assert answer(every_state(), command) == expected


@pytest.mark.parametrize(
    "command",
    [
        StartMatch(match_id=99),
        UpdateScore(match_id=0, participant1_score=0, participant2_score=0),
        ConfirmResult(match_id=-1),
    ],
)
def test_a_match_that_is_not_there_is_not_found(command: Command) -> None:
    """An unknown number is no conflict."""
    with pytest.raises(NotFound):
        decide(every_state(), command, NOW)


def test_a_start_tells_who_plays_and_where() -> None:
    """match_started carries both players, the schedule and the place in the bracket."""
    wish = StartMatch(match_id=4, scheduled_time="2026-11-24T13:00:00Z")
    assert only(decide(every_state(), wish, NOW, 1)) == MatchStarted(
        tournament_id=7,
        match_id=4,
        participant1_id=6,
        participant1_name="G",
        participant2_id=7,
        participant2_name="H",
        scheduled_time="2026-11-24T13:00:00.000Z",
        bracket_round=1,
        bracket_position=4,
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-11-24T14:00:00+01:00", "2026-11-24T13:00:00.000Z"),
        ("2026-11-24 13:00Z", "2026-11-24T13:00:00.000Z"),
        (None, None),
    ],
)
def test_a_scheduled_time_is_kept_in_utc(text: str | None, kept: str | None) -> None:
    """However its zone was written, the event has it in UTC with a Z."""
    started = only(decide(every_state(), StartMatch(match_id=4, scheduled_time=text), NOW))
    assert isinstance(started, MatchStarted)
    assert started.scheduled_time == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-11-24T13:00:00",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "\ud800",
        "9" * 5000,
    ],
)
def test_a_scheduled_time_that_is_none_is_refused(text: str) -> None:
    """No time, no zone, or out of the calendar: the field is named."""
    with pytest.raises(InvalidInput) as refusal:
        decide(every_state(), StartMatch(match_id=4, scheduled_time=text), NOW)
    assert set(refusal.value.problems) == {"scheduled_time"}


def test_a_match_starts_at_nil_nil() -> None:
    """So that there is a score to show from the first moment."""
    assert after(drawn(players(2)), StartMatch(match_id=1)).matches[1].score == (0, 0)


def test_a_score_tells_both_sides_when_and_by_whom() -> None:
    """score_updated carries the whole score, the moment and the staff member."""
    wish = UpdateScore(match_id=1, participant1_score=3, participant2_score=2)
    assert only(decide(live(), wish, NOW, 42)) == ScoreUpdated(
        tournament_id=7,
        match_id=1,
        participant1_score=3,
        participant2_score=2,
        updated_at=AT,
        updated_by=42,
    )


def test_moments_are_told_in_utc() -> None:
    """A clock in another zone gives the same bytes."""
    wish = UpdateScore(match_id=1, participant1_score=3, participant2_score=2)
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert decide(live(), wish, there, 1) == decide(live(), wish, NOW, 1)


def test_an_equal_score_is_no_event() -> None:
    """Saying it again changes nothing, and is no error."""
    assert answer(live((2, 1)), UpdateScore(match_id=1, participant1_score=2, participant2_score=1)) == []


def test_an_equal_score_is_no_conflict() -> None:
    """Two referees who agree do not disturb each other, whatever version they saw."""
    wish = UpdateScore(match_id=1, participant1_score=2, participant2_score=1, version=1)
    assert answer(live((2, 1)), wish) == []


@pytest.mark.parametrize("score", [(-1, 0), (0, -1), (10_000, 0), (0, 10_000)])
def test_a_score_is_from_0_to_9999(score: tuple[int, int]) -> None:
    """Anything else is refused by the field's name."""
    wish = UpdateScore(match_id=1, participant1_score=score[0], participant2_score=score[1])
    with pytest.raises(InvalidInput) as refusal:
        decide(live(), wish, NOW)
    wrong = "participant1_score" if score[1] == 0 else "participant2_score"
    assert set(refusal.value.problems) == {wrong}


@pytest.mark.parametrize("score", [(0, 9999), (9999, 0), (9999, 9999)])
def test_the_ends_of_the_range_are_scores(score: tuple[int, int]) -> None:
    """0 and 9999 are allowed."""
    wish = UpdateScore(match_id=1, participant1_score=score[0], participant2_score=score[1])
    assert answer(live((1, 1)), wish) == ["score_updated"]


def test_the_version_that_the_caller_saw_lets_the_score_pass() -> None:
    """Nobody came between."""
    bracket = live((1, 0))
    wish = UpdateScore(
        match_id=1, participant1_score=2, participant2_score=0, version=bracket.matches[1].version
    )
    assert answer(bracket, wish) == ["score_updated"]


def test_other_matches_do_not_age_a_version() -> None:
    """Play elsewhere is no conflict here."""
    bracket = after(drawn(players(4)), StartMatch(match_id=1))
    seen = bracket.matches[1].version
    bracket = after(bracket, *won(2))
    wish = UpdateScore(match_id=1, participant1_score=1, participant2_score=0, version=seen)
    assert answer(bracket, wish) == ["score_updated"]


def test_an_older_version_is_refused_with_both_scores() -> None:
    """The referee sees what stands, what they entered, and the version to try again with."""
    bracket = live((1, 0))
    wish = UpdateScore(match_id=1, participant1_score=0, participant2_score=1, version=4)
    with pytest.raises(VersionConflict) as refusal:
        decide(bracket, wish, NOW)
    assert refusal.value.extra == {
        "current": {"participant1_score": 1, "participant2_score": 0, "version": bracket.seq},
        "entered": {"participant1_score": 0, "participant2_score": 1},
    }


def test_a_conflict_says_both_scores_in_words() -> None:
    """The sentence alone is enough to decide what to do."""
    with pytest.raises(VersionConflict, match="stands at 1–0; you entered 0–1"):
        decide(
            live((1, 0)), UpdateScore(match_id=1, participant1_score=0, participant2_score=1, version=4), NOW
        )


def test_a_result_is_not_confirmed_on_an_older_version() -> None:
    """Whoever confirms must have seen the score that they confirm."""
    assert answer(live((1, 0)), ConfirmResult(match_id=1, version=4)) == "match.version_conflict"


def test_a_draw_is_refused() -> None:
    """An elimination match needs a winner; the sentence names the score."""
    with pytest.raises(MatchDrawn, match="stands 1–1"):
        decide(live((1, 1)), ConfirmResult(match_id=1), NOW)


def test_nil_nil_is_a_draw_too() -> None:
    """A match that has been started and in which nothing happened is not settled by itself."""
    assert answer(live(), ConfirmResult(match_id=1)) == "match.drawn"


def test_the_named_winner_must_be_the_scores() -> None:
    """The score decides; a winner that disagrees is a mistake somewhere."""
    with pytest.raises(WinnerDisagrees, match="makes Player 1 the winner"):
        decide(live((2, 1)), ConfirmResult(match_id=1, winner_id=2), NOW)


def test_a_winner_must_play_in_the_match() -> None:
    """Somebody else's id is refused, and the sentence names the two who may be."""
    with pytest.raises(InvalidInput, match="Player 1 or Player 2"):
        decide(live((2, 1)), ConfirmResult(match_id=1, winner_id=3), NOW)


def test_a_match_that_has_not_begun_has_no_result() -> None:
    """The sentence names both ways on: start it, or record a walkover."""
    with pytest.raises(MatchNotLive, match="start it first, or name the winner of a walkover"):
        decide(drawn(players(2)), ConfirmResult(match_id=1), NOW)


@pytest.mark.parametrize("command", [GenerateBracket(), RegisterParticipants(entrants=players(3))])
def test_the_draw_stands_once_the_bracket_is_generated(command: Command) -> None:
    """Neither a second bracket nor another list of players."""
    with pytest.raises(BracketExists):
        decide(drawn(players(2)), command, NOW)


def test_the_list_of_players_can_be_replaced_before_the_draw() -> None:
    """The newest list is the one that is drawn."""
    draft = after(
        created(CreateTournament(name="Cup", entrants=players(5))),
        RegisterParticipants(entrants=entrants(["Anna", "Berta"])),
        GenerateBracket(),
    )
    assert [player.name for player in draft.participants.values()] == ["Anna", "Berta"]
    assert len(draft.matches) == 1


def test_the_rules_hold_for_a_new_list_of_players() -> None:
    """A third place still needs four."""
    draft = created(CreateTournament(name="Cup", entrants=players(5), third_place=True))
    with pytest.raises(InvalidInput) as refusal:
        decide(draft, RegisterParticipants(entrants=players(3)), NOW)
    assert set(refusal.value.problems) == {"third_place"}


def test_a_tournament_is_created_once() -> None:
    """Its log has one beginning."""
    with pytest.raises(Conflict):
        decide(drawn(players(2)), CreateTournament(name="Cup", entrants=players(2)), NOW)


@pytest.mark.parametrize(
    "command",
    [
        GenerateBracket(),
        RegisterParticipants(entrants=players(2)),
        ChangeVisibility(visibility="public"),
        StartMatch(match_id=1),
    ],
)
def test_a_log_begins_with_the_creation(command: Command) -> None:
    """Nothing can be wished of a tournament that does not exist."""
    with pytest.raises(NotFound):
        decide(Tournament(7), command, NOW)


def test_a_draft_has_no_matches() -> None:
    """Nothing can be started before the bracket is there."""
    draft = created(CreateTournament(name="Cup", entrants=players(2)))
    with pytest.raises(NotFound):
        decide(draft, StartMatch(match_id=1), NOW)


def test_visibility_changes() -> None:
    """To private, with the moment."""
    hidden, events = step(drawn(players(2)), ChangeVisibility(visibility="private"))
    assert ([event.type for event in events], hidden.visibility) == (["visibility_changed"], "private")


def test_the_same_visibility_is_no_event() -> None:
    """Public is made public without a word."""
    assert answer(drawn(players(2)), ChangeVisibility(visibility="public")) == []


def test_an_unknown_visibility_is_refused() -> None:
    """With the choices."""
    with pytest.raises(InvalidInput, match="public, private"):
        decide(drawn(players(2)), ChangeVisibility(visibility="secret"), NOW)
