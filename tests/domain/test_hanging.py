"""What hangs on a change: nobody plays where somebody else should, and nothing is said away unseen."""

from __future__ import annotations

from typing import cast

import pytest

from quart_app.domain import commands, fold
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.decisions.consequences import version_of
from quart_app.domain.events import BracketUpdated, StageSettings
from quart_app.errors import (
    ParticipantConflict,
    PlayersAffected,
    ResultsAffected,
    RoundConflict,
    VersionConflict,
)
from quart_app.show.views.table import table_view
from quart_app.show.views.tournament import header_view
from tests.domain.formats.playing import Play
from tests.domain.test_corrections import check, corrected
from tests.domain.test_people import gone

KNOCK_OUT = StageSettings(format="single_elimination")
FROM_GROUPS = (StageSettings(format="round_robin", groups=2, advance=2), KNOCK_OUT)


def level_groups() -> Play:
    """Two groups of three, all level in each, separated by lots; the semi-final of their first is live."""
    play = Play(6, *FROM_GROUPS)
    for match_id in play.tournament.agenda.ready:
        play.result(match_id, (1, 1))
    for group in play.tournament.stages[0].groups:
        play.do(commands.DrawLots(stage=1, group=group.name, order=group.members))
    play.do(commands.StartMatch(match_id=play.tournament.agenda.ready[0]))
    return play


def test_lots_do_not_change_who_plays_in_what_has_begun() -> None:
    """Nor does conduct."""
    play = level_groups()
    live = play.tournament.matches[play.tournament.agenda.live[0]]
    group = play.tournament.stages[0].group("A")
    assert live.slots[0].participant_id in group.members
    with pytest.raises(PlayersAffected, match=live.plan.label):
        play.do(commands.DrawLots(stage=1, group="A", order=tuple(reversed(group.members))))
    check(play)


def test_a_round_is_not_taken_back_from_under_the_final() -> None:
    """Not even where all its matches are void."""
    play = Play(4, StageSettings(format="swiss", rounds=2, advance=2), KNOCK_OUT)
    play.pair_next()
    for match_id in play.tournament.agenda.ready:
        play.result(match_id, (1, 0))
    play.pair_next()
    for match_id in play.tournament.agenda.ready:
        play.do(commands.VoidMatch(match_id=match_id))
    with pytest.raises(RoundConflict, match="is void"):
        play.do(commands.UnpairRound(stage=1))


def test_a_scorer_takes_back_no_more_than_their_own() -> None:
    """Whatever their form says."""
    play = Play(4, KNOCK_OUT)
    for match_id in (1, 2):
        play.result(match_id, (1, 0))
    play.do(commands.StartMatch(match_id=3))
    with pytest.raises(ResultsAffected):
        play.do(commands.ReopenMatch(match_id=1, policy="cascade", own=True))


def test_who_saw_another_result_is_shown_this_one() -> None:
    """Two who correct at once."""
    play = Play(2, KNOCK_OUT)
    play.result(1, (1, 0))
    seen = play.tournament.matches[1].version
    play.do(corrected(1, 0, 3, seen=seen))
    for wish in (
        corrected(1, 2, 0, seen=seen),
        commands.ReopenMatch(match_id=1, seen=seen),
        commands.VoidMatch(match_id=1, seen=seen),
    ):
        with pytest.raises(VersionConflict, match="0–3"):
            play.do(wish)


def test_a_preview_is_no_more_once_somebody_has_gone_home() -> None:
    """What it says of their matches is not what would be done."""
    play = Play(8, KNOCK_OUT)
    for match_id in (1, 2, 3, 4):
        play.result(match_id, (1, 0))
    play.do(commands.StartMatch(match_id=5))
    with pytest.raises(ResultsAffected) as refused:
        play.do(corrected(1, 0, 1))
    version = cast(int, refused.value.extra["version"])
    loser = play.tournament.matches[1].loser_id or 0
    play.do(gone(loser))
    with pytest.raises(VersionConflict):
        play.do(corrected(1, 0, 1, policy="cascade", version=version))


def test_a_version_is_of_all_that_would_move() -> None:
    """Also of what had not begun."""
    play = Play(4, KNOCK_OUT)
    play.result(1, (1, 0))
    before = play.tournament
    play.result(2, (1, 0))
    after = Play(4, KNOCK_OUT)
    assert version_of(before, before, 1) == before.matches[1].version
    assert version_of(play.tournament, before, 1) > version_of(before, before, 1)
    assert after.tournament.bracket_id == 1


def test_a_group_in_which_nobody_is_left_sends_nobody() -> None:
    """Who waits for their place has a bye, and plays on."""
    play = Play(6, *FROM_GROUPS)
    first, *others = play.tournament.stages[0].group("A").members
    for who in others:
        play.do(gone(who, policy="void_all"))
    for match_id in play.tournament.agenda.ready:
        play.result(match_id, (1, 1))
    play.do(commands.DrawLots(stage=1, group="B", order=play.tournament.stages[0].group("B").members))
    while play.tournament.agenda.ready:
        play.result(play.tournament.agenda.ready[0], (1, 0))
    assert play.tournament.champion is not None
    assert first in {who for match in play.tournament.matches.values() for who in _of(match.slots)}
    assert fold.fold(7, play.log) == play.tournament


def _of(slots: tuple[object, ...]) -> list[object]:
    return [getattr(slot, "participant_id", None) for slot in slots]


def test_all_who_come_back_play() -> None:
    """In whatever order they went and came: what nobody has played on from is to be played."""
    play = Play(4, KNOCK_OUT)
    for who in (1, 4, 2, 3):
        play.do(gone(who))
    for who in (1, 4, 2, 3):
        play.do(commands.ReinstateParticipant(participant_id=who))
        check(play)
    assert [match.status.value for match in play.tournament.matches.values()] == ["ready", "ready", "locked"]


def test_a_mistaken_withdrawal_costs_no_point() -> None:
    """The match is live again at its score; in a group, too."""
    for stages, policy in (((KNOCK_OUT,), "forfeit_rest"), ((FROM_GROUPS[0], KNOCK_OUT), "void_all")):
        play = Play(6, *stages)
        match_id = play.tournament.agenda.ready[0]
        who = play.tournament.matches[match_id].slots[0].participant_id or 0
        play.do(commands.StartMatch(match_id=match_id))
        play.do(commands.UpdateScore(match_id=match_id, participant1_score=3, participant2_score=1))
        play.do(gone(who, policy=policy))
        assert play.tournament.matches[match_id].status is not MatchStatus.LIVE
        play.do(commands.ReinstateParticipant(participant_id=who))
        match = play.tournament.matches[match_id]
        assert (match.status, match.score) == (MatchStatus.LIVE, (3, 1))
        check(play)


def test_a_correction_to_nobody_is_told_with_the_bye_that_it_makes() -> None:
    """To a client that knows the four events alone."""
    play = Play(8, KNOCK_OUT)
    for match_id in (1, 2, 3, 4):
        play.result(match_id, (1, 0))
    told = play.do(
        commands.CorrectResult(result=commands.ConfirmResult(match_id=1, walkover=True, winner_id=None))
    )
    moved = told[-1]
    assert isinstance(moved, BracketUpdated)
    assert [(each.match_id, each.participant1_id) for each in moved.next_matches][:1] == [(5, None)]


def test_who_is_out_has_no_substitute() -> None:
    """Before they are reinstated; but who withdrew can still be disqualified."""
    play = Play(3, KNOCK_OUT)
    play.do(gone(1))
    with pytest.raises(ParticipantConflict, match="Reinstate"):
        play.do(commands.ReplaceParticipant(participant_id=1, name="Sub"))
    with pytest.raises(ParticipantConflict, match="already"):
        play.do(gone(1))
    play.do(gone(1, disqualified=True))
    assert play.tournament.roster.out == {1: "disqualified"}


def test_a_correction_keeps_what_it_does_not_tell() -> None:
    """The notes where only the score was wrong, the shoot-out where only the notes were."""
    play = Play(2, KNOCK_OUT)
    play.do(commands.StartMatch(match_id=1))
    play.do(commands.UpdateScore(match_id=1, participant1_score=2, participant2_score=2))
    play.do(
        commands.ConfirmResult(match_id=1, participant1_tiebreak=4, participant2_tiebreak=3, notes="At night")
    )
    play.do(commands.CorrectResult(result=commands.ConfirmResult(match_id=1, notes="Penalties")))
    result = play.tournament.matches[1].result
    assert result is not None
    assert (result.tiebreak, result.notes, result.winner_id) == ((4, 3), "Penalties", 1)
    play.do(corrected(1, 3, 2))
    result = play.tournament.matches[1].result
    assert result is not None
    assert (result.tiebreak, result.notes) == (None, "Penalties")


def test_a_swiss_says_what_was_paired_before_a_correction() -> None:
    """The round stands; once it is taken back and paired anew it is as it should be."""
    play = Play(4, StageSettings(format="swiss", rounds=3))
    play.pair_next()
    for match_id in play.tournament.agenda.ready:
        play.result(match_id, (1, 0))
    play.do(corrected(1, 0, 1))
    play.do(corrected(1, 1, 0))
    assert play.tournament.stages[0].groups[0].overtaken == frozenset()
    play.pair_next()
    play.do(corrected(1, 0, 1))
    group = play.tournament.stages[0].groups[0]
    assert group.overtaken == {2}
    assert table_view(play.tournament, play.tournament.stages[0], 0).overtaken == "Round 2"
    play.do(commands.UnpairRound(stage=1))
    play.pair_next()
    assert play.tournament.stages[0].groups[0].overtaken == frozenset()


def test_a_tournament_without_a_champion_says_so() -> None:
    """Both are out in the final."""
    play = Play(2, KNOCK_OUT)
    assert not header_view(play.tournament).no_champion
    play.do(commands.ConfirmResult(match_id=1, walkover=True))
    assert header_view(play.tournament).no_champion
