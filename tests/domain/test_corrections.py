"""Changes of mind: results corrected and taken back, in any format, at any moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain import commands, fold
from quart_app.domain.bracket.graph import advance, lay_out
from quart_app.domain.bracket.match import Match, MatchStatus
from quart_app.domain.decisions import decide
from quart_app.domain.decisions.consequences import consequences, version_of
from quart_app.domain.events import (
    BracketUpdated,
    GameRules,
    MatchReopened,
    StageSettings,
)
from quart_app.domain.state.group import outcome_of, pairing_of
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import (
    InvalidInput,
    MatchDrawn,
    MatchUnconfirmed,
    NotFound,
    ResultsAffected,
    RoundConflict,
    UndoRefused,
    VersionConflict,
)
from tests.domain.formats.playing import Play
from tests.domain.strategies import NOW

KNOCK_OUT = StageSettings(format="single_elimination", third_place=True)
SHAPES: Sequence[tuple[StageSettings, ...]] = (
    (KNOCK_OUT,),
    (StageSettings(format="double_elimination", best_of=3),),
    (StageSettings(format="double_elimination", grand_final="single"),),
    (StageSettings(format="round_robin", groups=2, advance=2), KNOCK_OUT),
    (StageSettings(format="round_robin", groups=2, advance=1, best_of_rest=2), KNOCK_OUT),
    (StageSettings(format="round_robin", best_of=3),),
    (StageSettings(format="swiss", rounds=3),),
    (StageSettings(format="swiss", rounds=2, advance=4), StageSettings(format="double_elimination")),
)


def corrected(match_id: int, *score: int, **more: object) -> commands.CorrectResult:
    """The wish that a match ended otherwise."""
    result = commands.ConfirmResult(match_id=match_id, score=(score[0], score[1]))
    return commands.CorrectResult(result=result, **more)  # type: ignore[arg-type]


def seen(tournament: Tournament) -> dict[int, tuple[object, ...]]:
    """What a bracket says, whenever it came to say so."""
    return {
        match_id: (match.slots, match.void, match.live, match.confirmed)
        for match_id, match in tournament.matches.items()
    }


def check(play: Play) -> None:
    """The state is what the results in it make of the draw."""
    state = play.tournament
    plans = [match.plan for match in state.matches.values()]
    anew = lay_out(plans, state.ranks, 0)
    for match_id, match in state.matches.items():
        if match.begun:
            assert anew[match_id].slots == match.slots, f"somebody else plays {match.plan.label}"
            assert all(slot.participant_id is not None for slot in match.slots)
        anew |= advance(anew, state.feeds, state.ranks, (_with_facts(anew[match_id], match),), 0)
    assert {k: (m.slots, m.void) for k, m in anew.items()} == {
        k: (m.slots, m.void) for k, m in state.matches.items()
    }
    for stage in state.stages:
        for each in stage.rounds:
            assert each == each.counted(state.matches)
        for group in stage.groups:
            mine = [
                state.matches[each]
                for each in stage.match_ids
                if state.matches[each].plan.group == group.name
            ]
            assert group.outcomes == {m.match_id: o for m in mine if (o := outcome_of(m)) is not None}
            assert group.open == {
                m.match_id: p for m in mine if not m.decided and (p := pairing_of(m)) is not None
            }
    live = [m.match_id for m in state.matches.values() if m.status is MatchStatus.LIVE]
    assert (list(state.agenda.live), state.agenda.begun) == (
        live,
        sum(match.begun for match in state.matches.values()),
    )


def _with_facts(laid: Match, match: Match) -> Match:
    return Match(
        laid.plan,
        laid.slots,
        0,
        match.live,
        match.score,
        match.result,
        void=laid.void,
        voided=match.voided,
    )


def unplayed(match: Match) -> bool:
    """Whether it went to somebody without a game, and may still, though its loser is back: so it was where
    others had gone on to play from it."""
    return match.result is not None and match.result.forfeit and match.score is None


class Changing(Play):
    """A tournament in which people change their minds."""

    def change(self, chance: Random, *, void: float = 0.15) -> bool:
        """Take back, void or correct something; False where there is nothing or it cannot be."""
        known = [match for match in self.tournament.matches.values() if match.begun or match.voided]
        if chance.random() < void:
            known = [match for match in self.tournament.matches.values() if match.played and not match.voided]
        if not known:
            return False
        match = chance.choice(known)
        wish: commands.Command
        if not (match.begun or match.voided) or (not match.voided and chance.random() < void):
            wish = commands.VoidMatch(match_id=match.match_id, policy="cascade")
        elif match.live or match.voided or chance.random() < 0.4:
            to = "ready" if match.live else None
            wish = commands.ReopenMatch(match_id=match.match_id, policy="cascade", to=to)
        else:
            score = chance.choice(self._scores(match.match_id))
            wish = corrected(match.match_id, *score, policy="cascade")
        try:
            planned = decide(self.tournament, wish, NOW, 1)
        except MatchDrawn:
            return False
        before = self.tournament
        if planned:
            version = version_of(before, reduce(fold.apply, planned, before), match.match_id)
            with pytest.raises(VersionConflict):
                decide(before, replace(wish, version=version - 1), NOW, 1)
            wish = replace(wish, version=version)
        assert self.do(wish) == planned
        reopened = [e for e in planned if isinstance(e, MatchReopened) and e.cause_match_id is not None]
        assert [e.match_id for e in reopened] == sorted((e.match_id for e in reopened), reverse=True)
        affected = consequences(before, self.tournament, match.match_id)
        listed = [each.before.match_id for each in affected]
        assert set(listed) <= {each.match_id for each in reopened}
        if not self.tournament.roster.out:  # what was given to somebody may be given to them again
            played = [each.match_id for each in reopened if not unplayed(before.matches[each.match_id])]
            assert listed == played
            assert sum(isinstance(event, BracketUpdated) for event in planned) <= 1
        return True

    def step(self, chance: Random) -> bool:
        """Play something that is ready, or pair a round; False at the end."""
        if live := self.tournament.agenda.live:
            match_id = live[0]
            a, b = chance.choice(self._scores(match_id))
            self.do(commands.UpdateScore(match_id=match_id, participant1_score=a, participant2_score=b))
            self.do(commands.ConfirmResult(match_id=match_id))
            return True
        if ready := self.tournament.agenda.ready:
            self.do(commands.StartMatch(match_id=chance.choice(ready)))
            return True
        try:
            return self.pair_next()
        except RoundConflict:
            return False


@settings(max_examples=25)
@given(st.sampled_from(SHAPES[:6]), st.integers(0, 2**32 - 1))
def test_the_same_results_again_make_the_same_bracket(stages: tuple[StageSettings, ...], seed: int) -> None:
    """A result is taken back with all that hangs on it, and everything is played again as it was."""
    chance = Random(seed)
    play = Changing(8, *stages)
    play.to_the_end(chance)
    before = play.tournament
    match = chance.choice([each for each in before.matches.values() if each.result is not None])
    play.do(commands.ReopenMatch(match_id=match.match_id, to="ready", policy="cascade"))
    check(play)
    while ready := play.tournament.agenda.ready:
        was = before.matches[ready[0]]
        assert was.score is not None
        play.result(ready[0], was.score)
    assert seen(play.tournament) == seen(before)
    assert play.tournament.places == before.places
    assert not any(each.corrected for each in play.tournament.matches.values())


def finished(*stages: StageSettings) -> Play:
    """Four who have played to the end, each match won 2–1 by the first."""
    play = Play(4, *(stages or (KNOCK_OUT,)))
    for match_id in list(play.tournament.matches):
        play.result(match_id, (2, 1))
    return play


def test_the_same_winner_moves_nothing() -> None:
    """Whatever has been played since."""
    play = finished()
    before = play.tournament
    told = play.do(corrected(1, 5, 3, reason="misheard"))
    assert [event.type for event in told] == ["match_reopened", "match_completed", "bracket_updated"]
    assert isinstance(told[0], MatchReopened)
    assert isinstance(told[2], BracketUpdated)
    assert (told[0].because, told[2].updated_nodes) == ("misheard", ())
    changed = [k for k, match in play.tournament.matches.items() if match is not before.matches[k]]
    assert changed == [1]
    assert (play.tournament.matches[1].score, play.tournament.matches[1].corrected) == ((5, 3), True)


def test_what_has_begun_is_refused_first() -> None:
    """With the list, which a cascade then takes back, the deepest first."""
    play = finished()
    with pytest.raises(ResultsAffected) as refused:
        play.do(corrected(1, 1, 2))
    affected = refused.value.extra["affected"]
    assert affected == [
        {"match_id": 4, "label": "Final", "status": "completed", "score": [2, 1], "becomes": "ready"},
        {"match_id": 3, "label": "3rd place", "status": "completed", "score": [2, 1], "becomes": "ready"},
    ]
    version = refused.value.extra["version"]
    with pytest.raises(VersionConflict):
        play.do(corrected(1, 1, 2, policy="cascade", version=version - 1))  # type: ignore[operator]
    told = play.do(corrected(1, 1, 2, policy="cascade", version=version))
    reopened = [each for each in told if isinstance(each, MatchReopened)]
    assert [(each.match_id, each.to, each.cause_match_id) for each in reopened] == [
        (4, "ready", 1),
        (3, "ready", 1),
        (1, "correction", None),
    ]
    assert [play.tournament.matches[k].slots[0].participant_id for k in (3, 4)] == [1, 4]


@pytest.mark.parametrize("score", [(1, 2), (3, 1)])
def test_the_same_change_twice_is_done_once(score: tuple[int, int]) -> None:
    """A form that is sent again, or two who say the same: the second changes nothing, and is no error."""
    play = finished()
    wish = corrected(1, *score, policy="cascade", seen=play.tournament.matches[1].version)
    assert play.do(wish) != ()
    assert play.do(wish) == ()
    void = commands.VoidMatch(match_id=1, policy="cascade", seen=play.tournament.matches[1].version)
    assert play.do(void) != ()
    assert play.do(void) == ()


def test_what_was_said_of_another_result_is_refused_first() -> None:
    """Whatever else is wrong with it: whoever mends that would else replace what they have not seen."""
    play = finished()
    seen = play.tournament.matches[4].version
    play.do(corrected(4, 3, 1))
    for score in ((5, 1), (1, 1), (-1, 0)):
        with pytest.raises(VersionConflict, match="It stands at 3–1 now"):
            play.do(corrected(4, *score, seen=seen))


def test_the_result_that_it_has_changes_nothing() -> None:
    """And one that was changed twice is no longer the first."""
    play = finished()
    assert play.do(corrected(4, 2, 1)) == ()
    play.do(corrected(4, 3, 1))
    play.do(corrected(4, 2, 1))
    assert play.tournament.matches[4].corrected


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (corrected(99, 1, 0), NotFound),
        (corrected(4, 1, 1), MatchDrawn),
        (corrected(4, -1, 0), InvalidInput),
        (corrected(4, 1, 0, policy="perhaps"), InvalidInput),
        (corrected(4, 1, 0, reason="x" * 201), InvalidInput),
        (commands.ReopenMatch(match_id=4, to="locked"), InvalidInput),
    ],
)
def test_what_cannot_be_is_refused(wish: commands.Command, error: type[Exception]) -> None:
    """As it would be at the first time."""
    with pytest.raises(error):
        finished().do(wish)


def test_only_what_was_said_can_be_unsaid() -> None:
    """A match without a result has nothing to correct; one that is only ready, nothing to take back."""
    play = Play(4, KNOCK_OUT)
    for wish in (corrected(1, 1, 0), commands.ReopenMatch(match_id=1)):
        with pytest.raises(MatchUnconfirmed):
            play.do(wish)
    play.do(commands.StartMatch(match_id=1))
    with pytest.raises(MatchUnconfirmed):
        play.do(commands.ReopenMatch(match_id=1, to="live"))
    told = play.do(commands.ReopenMatch(match_id=1))
    assert [event.type for event in told] == ["match_reopened", "bracket_updated"]
    assert play.tournament.matches[1].status is MatchStatus.READY


def test_a_walkover_can_be_corrected_both_ways() -> None:
    """Into a score, and a score into a walkover."""
    play = Play(4, KNOCK_OUT)
    play.do(commands.ConfirmResult(match_id=1, winner_id=1, walkover=True))
    play.do(corrected(1, 0, 2))
    assert play.tournament.matches[1].winner_id == 4
    walkover = commands.ConfirmResult(match_id=1, winner_id=1, walkover=True)
    play.do(commands.CorrectResult(result=walkover))
    assert play.tournament.matches[1].status is MatchStatus.WALKOVER


def test_games_are_corrected_with_their_score() -> None:
    """A best of three, game by game."""
    play = Play(4, StageSettings(format="round_robin", best_of=3))
    play.result(1, (2, 1))
    games = ((11, 5), (9, 11), (7, 11))
    play.do(commands.CorrectResult(result=commands.ConfirmResult(match_id=1), games=games))
    match = play.tournament.matches[1]
    assert (match.games, match.score, match.winner_id) == (games, (1, 2), match.slots[1].participant_id)


def test_a_scorer_takes_back_what_they_have_just_done() -> None:
    """For a minute, and nobody else's."""
    play = Play(4, KNOCK_OUT)
    undo = commands.ReopenMatch(match_id=1, own=True)
    play.do(commands.StartMatch(match_id=1))
    play.do(undo)
    play.result(1, (2, 1))
    with pytest.raises(UndoRefused, match="not the one who confirmed"):
        decide(play.tournament, undo, NOW, 2)
    with pytest.raises(UndoRefused, match="more than a minute"):
        decide(play.tournament, undo, NOW + timedelta(seconds=61), 1)
    told = decide(play.tournament, undo, NOW + timedelta(seconds=59), 1)
    match = reduce(fold.apply, told, play.tournament).matches[1]
    assert (match.status, match.score) == (MatchStatus.LIVE, (2, 1))
    play.do(undo)
    with pytest.raises(UndoRefused, match="no longer 0–0"):
        play.do(undo)


def test_a_result_taken_back_twice_keeps_its_score() -> None:
    """The first has been done; the second would take the start back, which nobody has asked for."""
    play = finished()
    wish = commands.ReopenMatch(match_id=4)
    play.do(wish)
    with pytest.raises(MatchUnconfirmed, match="ask for ready"):
        play.do(wish)
    assert play.tournament.matches[4].score == (2, 1)
    play.do(replace(wish, to="ready"))
    assert play.tournament.matches[4].status is MatchStatus.READY


def test_a_point_in_the_first_game_is_a_point() -> None:
    """A scorer takes no start back once a rally is played, though no game is won yet."""
    table_tennis = GameRules(to=11, by=2)
    play = Play(4, StageSettings(format="round_robin", best_of=3, games=table_tennis))
    play.do(commands.StartMatch(match_id=1))
    play.do(commands.UpdateScore(match_id=1, games=((1, 0),)))
    with pytest.raises(UndoRefused, match="no longer 0–0"):
        play.do(commands.ReopenMatch(match_id=1, own=True))


def test_a_group_result_takes_back_who_came_out_of_it() -> None:
    """The final that is being played has somebody else in it then."""
    groups = StageSettings(format="round_robin", groups=2, advance=1)
    play = Play(4, groups, StageSettings(format="single_elimination"))
    for match_id in (1, 2):
        play.result(match_id, (2, 1))
    play.do(commands.StartMatch(match_id=3))
    winner = play.tournament.matches[1].winner_id
    with pytest.raises(ResultsAffected):
        play.do(corrected(1, 0, 1))
    play.do(corrected(1, 0, 1, policy="cascade"))
    final = play.tournament.matches[3]
    assert final.status is MatchStatus.READY
    assert winner not in [slot.participant_id for slot in final.slots]
