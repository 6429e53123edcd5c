"""A tournament put off, called off, archived, deleted; and a match that counts for nothing."""

from __future__ import annotations

from random import Random

import pytest

from quart_app.domain import commands, fold
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.decisions import accept, decide
from quart_app.domain.events import BracketUpdated, MatchReopened, MatchStarted, StageSettings
from quart_app.domain.state.tournament import TournamentStatus
from quart_app.errors import (
    BracketExists,
    InvalidInput,
    MatchAlreadyCompleted,
    NotFound,
    ParticipantConflict,
    ResultsAffected,
    TournamentHeld,
)
from quart_app.show.views.tournament import header_view
from tests.domain.formats.playing import Play
from tests.domain.strategies import NOW, created, players, step

KNOCK_OUT = StageSettings(format="single_elimination", third_place=True)


def test_what_is_postponed_begins_nothing() -> None:
    """What has begun is played to its end; then everything goes on."""
    play = Play(4, KNOCK_OUT)
    play.do(commands.StartMatch(match_id=1))
    play.do(commands.PostponeTournament(reason="Rain", until="2026-11-26T18:00:00+01:00"))
    hold = play.tournament.hold
    assert hold is not None
    assert (hold.status, hold.because, hold.until) == ("postponed", "Rain", "2026-11-26T17:00:00.000Z")
    assert (play.tournament.status, play.tournament.progress) == ("postponed", "active")
    with pytest.raises(TournamentHeld, match="postponed: Rain"):
        play.do(commands.StartMatch(match_id=2))
    play.do(commands.UpdateScore(match_id=1, participant1_score=1, participant2_score=0))
    told = play.do(commands.ConfirmResult(match_id=1))
    assert isinstance(told[-1], BracketUpdated)
    assert told[-1].bracket_status == "active"
    assert not play.do(commands.PostponeTournament(reason="Rain", until="2026-11-26T17:00:00Z"))
    assert play.do(commands.PostponeTournament(reason="More rain"))
    play.do(commands.ResumeTournament())
    assert (play.tournament.status, play.do(commands.ResumeTournament())) == ("active", ())
    play.do(commands.StartMatch(match_id=2))
    assert fold.fold(7, play.log) == play.tournament


def test_what_is_over_is_put_off_no_more() -> None:
    """What had begun was played to its end, and with it all; if that is taken back, it is put off again."""
    play = Play(2, StageSettings(format="single_elimination"))
    play.do(commands.StartMatch(match_id=1))
    play.do(commands.PostponeTournament(reason="Rain"))
    play.do(commands.ConfirmResult(match_id=1, winner_id=1, walkover=True))
    assert (play.tournament.status, play.tournament.held) == (TournamentStatus.COMPLETED, None)
    assert (header_view(play.tournament).status_name, header_view(play.tournament).held) == (
        "Finished",
        False,
    )
    play.do(commands.ReopenMatch(match_id=1))
    assert play.tournament.status is TournamentStatus.POSTPONED


def test_what_is_cancelled_is_played_no_further() -> None:
    """But what was said wrongly can be set right; and it can be resumed."""
    play = Play(4, KNOCK_OUT)
    play.result(1, (2, 1))
    play.do(commands.StartMatch(match_id=2))
    play.do(commands.CancelTournament(reason="No light"))
    for wish in (
        commands.StartMatch(match_id=2),
        commands.UpdateScore(match_id=2, participant1_score=1, participant2_score=0),
        commands.ConfirmResult(match_id=2),
        commands.PostponeTournament(),
    ):
        with pytest.raises(TournamentHeld, match="cancelled"):
            play.do(wish)
    started = MatchStarted(
        tournament_id=7,
        match_id=2,
        participant1_id=2,
        participant1_name="Player 2",
        participant2_id=3,
        participant2_name="Player 3",
        scheduled_time=None,
        bracket_round=1,
        bracket_position=2,
    )
    with pytest.raises(TournamentHeld, match="cancelled"):
        accept(play.tournament, started)
    play.do(commands.ReopenMatch(match_id=1))
    play.do(commands.ResumeTournament())
    play.do(commands.ConfirmResult(match_id=1))
    assert play.tournament.status is TournamentStatus.ACTIVE


def test_what_is_over_cannot_be_called_off() -> None:
    """It has its champion."""
    play = Play(2, StageSettings(format="single_elimination"))
    play.result(1, (1, 0))
    for wish in (commands.CancelTournament(), commands.PostponeTournament()):
        with pytest.raises(TournamentHeld, match="over"):
            play.do(wish)


def test_a_reason_and_a_moment_are_checked() -> None:
    """With the name of the field."""
    play = Play(4, KNOCK_OUT)
    for wish, field in (
        (commands.CancelTournament(reason="x" * 201), "reason"),
        (commands.PostponeTournament(until="tomorrow"), "until"),
    ):
        with pytest.raises(InvalidInput) as refused:
            play.do(wish)
        assert list(refused.value.problems) == [field]


def test_archived_and_back() -> None:
    """At any time, once each."""
    play = Play(2, StageSettings(format="single_elimination"))
    play.do(commands.ArchiveTournament())
    assert (play.tournament.archived, play.do(commands.ArchiveTournament())) == (True, ())
    play.do(commands.ArchiveTournament(archived=False))
    assert not play.tournament.archived


def test_a_draft_is_deleted_for_good() -> None:
    """Nothing follows; a bracket is not deleted."""
    draft = created(commands.CreateTournament(name="Cup", entrants=players(4)))
    gone, _ = step(draft, commands.DeleteTournament())
    assert (gone.deleted, gone.visibility) == (True, "private")
    with pytest.raises(NotFound):
        decide(gone, commands.GenerateBracket(), NOW, 1)
    with pytest.raises(BracketExists, match="archive"):
        Play(4, KNOCK_OUT).do(commands.DeleteTournament())


def test_what_a_void_match_feeds_waits_for_nobody() -> None:
    """And it can be played after all."""
    play = Play(4, KNOCK_OUT)
    play.do(commands.VoidMatch(match_id=1, reason="Both are ill"))
    assert play.tournament.matches[1].status is MatchStatus.VOID
    play.result(2, (1, 0))
    final = play.tournament.matches[4]
    assert (final.status, final.winner_id, play.tournament.champion) == (
        MatchStatus.BYE,
        2,
        play.tournament.participants[2],
    )
    assert play.do(commands.VoidMatch(match_id=1)) == ()
    with pytest.raises(MatchAlreadyCompleted):
        play.do(commands.VoidMatch(match_id=4))
    play.do(commands.ReopenMatch(match_id=1))
    assert (play.tournament.matches[1].status, play.tournament.matches[4].status) == (
        MatchStatus.READY,
        MatchStatus.LOCKED,
    )
    play.to_the_end(Random(1))
    assert fold.fold(7, play.log) == play.tournament


def test_a_result_is_voided_with_what_hangs_on_it() -> None:
    """Refused with the list at first."""
    play = Play(4, KNOCK_OUT)
    for match_id in (1, 2, 3):
        play.result(match_id, (2, 1))
    with pytest.raises(ResultsAffected) as refused:
        play.do(commands.VoidMatch(match_id=1))
    affected = refused.value.extra["affected"]
    assert isinstance(affected, list)
    assert [each["label"] for each in affected] == ["3rd place"]
    told = play.do(commands.VoidMatch(match_id=1, policy="cascade"))
    assert [event.type for event in told] == ["match_reopened", "match_voided", "bracket_updated"]
    assert isinstance(told[0], MatchReopened)
    assert (told[0].match_id, told[0].cause_match_id) == (3, 1)
    assert isinstance(told[2], BracketUpdated)
    assert 1 in [each.match_id for each in told[2].next_matches]  # it has no result, whatever was told before


def test_a_void_match_of_a_group_counts_for_nobody() -> None:
    """The group is complete without it, and its table has it again once it is played."""
    play = Play(3, StageSettings(format="round_robin"))
    play.do(commands.VoidMatch(match_id=1))
    for match_id in (2, 3):
        play.result(match_id, (2, 1))
    group = play.tournament.stages[0].groups[0]
    assert (group.complete, sum(row.played for row in group.table)) == (True, 4)
    assert play.tournament.progress == "completed"
    play.do(commands.ReopenMatch(match_id=1))
    assert play.tournament.progress == "active"


def test_a_void_match_of_a_swiss_is_a_round_that_was_not_played() -> None:
    """Both have it in their tie-breaks, and may meet again."""
    play = Play(6, StageSettings(format="swiss", rounds=3))
    play.pair_next()
    play.do(commands.VoidMatch(match_id=1))
    for match_id in (2, 3):
        play.result(match_id, (1, 0))
    group = play.tournament.stages[0].groups[0]
    players_of_1 = {slot.participant_id for slot in play.tournament.matches[1].slots}
    assert {each.participant_id for each in group.facts.unplayed} == players_of_1
    assert play.pair_next()
    play.to_the_end(Random(4))
    assert play.tournament.progress is TournamentStatus.COMPLETED
    assert fold.fold(7, play.log) == play.tournament


def test_who_is_out_is_brought_back_first() -> None:
    """What went to their opponent is settled by that; a void match that is played again is theirs."""
    play = Play(4, KNOCK_OUT)
    play.do(commands.VoidMatch(match_id=1))
    play.do(commands.WithdrawParticipant(participant_id=1))
    play.do(commands.WithdrawParticipant(participant_id=2))
    with pytest.raises(ParticipantConflict, match="Reinstate"):
        play.do(commands.VoidMatch(match_id=2))
    play.do(commands.ReopenMatch(match_id=1))
    assert (play.tournament.matches[1].status, play.tournament.matches[1].winner_id) == (
        MatchStatus.WALKOVER,
        4,
    )
