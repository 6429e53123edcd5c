"""A draw that changes: two change places, it is drawn anew, somebody joins late."""

from __future__ import annotations

from random import Random

import pytest

from quart_app.domain import commands, fold
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.decisions.draw import bye_matches
from quart_app.domain.events import BracketUpdated, StageSettings
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import BracketExists, Conflict, DrawFixed, InvalidInput, NotFound
from tests.domain.formats.playing import Play
from tests.domain.strategies import players
from tests.domain.test_corrections import check

KNOCK_OUT = StageSettings(format="single_elimination")
ELIMINATIONS = ("single_elimination", "double_elimination")
LOTS = (3, 1, 4, 0, 5, 2, 6, 7)
GROUPS = (StageSettings(format="round_robin", groups=2, advance=1), KNOCK_OUT)


def swapped(one: int, other: int) -> commands.SwapInDraw:
    return commands.SwapInDraw(participant_id=one, other_id=other)


def first_round(tournament: Tournament) -> list[tuple[int | None, ...]]:
    """Who stands on the lines of the draw."""
    ids = tournament.stages[0].rounds[0].match_ids
    return [tuple(slot.participant_id for slot in tournament.matches[each].slots) for each in ids]


def test_two_change_places() -> None:
    """And nothing else moves; the same again is the draw of before."""
    play = Play(8, KNOCK_OUT)
    assert first_round(play.tournament) == [(1, 8), (4, 5), (2, 7), (3, 6)]
    told = play.do(swapped(1, 7))
    assert [event.type for event in told] == ["bracket_generated", "bracket_updated"]
    assert first_round(play.tournament) == [(7, 8), (4, 5), (2, 1), (3, 6)]
    assert play.tournament.bracket_id == 2
    assert isinstance(told[1], BracketUpdated)
    assert [each.match_id for each in told[1].next_matches] == [1, 3]
    play.do(swapped(1, 7))
    assert first_round(play.tournament) == [(1, 8), (4, 5), (2, 7), (3, 6)]
    check(play)
    assert fold.fold(7, play.log) == play.tournament


def test_lots_stay_as_long_as_everybody_stays_in_their_group() -> None:
    """Two who change places within theirs have the lots that were drawn; others are not those among whom
    they were."""
    play = Play(8, *GROUPS)
    play.do(commands.DrawLots(stage=1, group="A", order=(8, 1, 5, 4)))
    play.do(commands.RecordConduct(stage=1, participant_id=8, points=-3))
    before = [row.participant_id for row in play.tournament.stages[0].groups[0].table]
    play.do(swapped(4, 8))
    play.do(swapped(2, 3))
    first, _ = play.tournament.stages[0].groups
    assert (first.members, first.lots, first.conduct) == ((1, 8, 5, 4), {8: 1, 1: 2, 5: 3, 4: 4}, {8: -3})
    assert [row.participant_id for row in first.table] == before
    play.do(swapped(8, 2))
    assert [dict(group.lots) for group in play.tournament.stages[0].groups] == [{}, {}]
    assert play.tournament.stages[0].groups[1].conduct == {8: -3}
    assert fold.fold(7, play.log) == play.tournament


def test_two_change_groups() -> None:
    """With all their matches."""
    play = Play(8, *GROUPS)
    assert [group.members for group in play.tournament.stages[0].groups] == [(1, 4, 5, 8), (2, 3, 6, 7)]
    play.do(swapped(1, 2))
    assert [group.members for group in play.tournament.stages[0].groups] == [(2, 4, 5, 8), (1, 3, 6, 7)]
    assert {match.plan.group for match in play.tournament.matches_of(1)} == {"B"}
    play.to_the_end(Random(1))
    check(play)


def test_a_bye_moves() -> None:
    """Somebody takes its place, and it theirs; two byes do not meet."""
    play = Play(6, StageSettings(format="double_elimination"))
    assert first_round(play.tournament) == [(1, None), (4, 5), (2, None), (3, 6)]
    assert bye_matches(play.tournament) == (1, 3)
    play.do(commands.SwapInDraw(participant_id=4, bye_match_id=1))
    assert first_round(play.tournament) == [(1, 4), (None, 5), (2, None), (3, 6)]
    with pytest.raises(InvalidInput, match="Two byes"):
        play.do(commands.SwapInDraw(participant_id=5, bye_match_id=3))
    with pytest.raises(InvalidInput, match="no bye in match 1"):
        play.do(commands.SwapInDraw(participant_id=5, bye_match_id=1))
    play.to_the_end(Random(2))
    check(play)
    assert play.tournament.champion is not None
    assert fold.fold(7, play.log) == play.tournament


def test_what_cannot_be_swapped() -> None:
    """Strangers, nobody, and once a match has begun anybody."""
    play = Play(4, KNOCK_OUT)
    with pytest.raises(NotFound):
        play.do(swapped(1, 9))
    with pytest.raises(InvalidInput):
        play.do(commands.SwapInDraw(participant_id=1))
    play.do(commands.StartMatch(match_id=1))
    for wish in (swapped(2, 3), commands.DrawAgain(lots=LOTS)):
        with pytest.raises(DrawFixed, match="has begun"):
            play.do(wish)
    play.do(commands.ReopenMatch(match_id=1))
    play.do(swapped(2, 3))


def test_a_match_that_was_given_up_in_the_middle_had_begun() -> None:
    """One that was given away before anybody played had not."""
    play = Play(8, KNOCK_OUT)
    play.do(commands.WithdrawParticipant(participant_id=8))
    play.do(swapped(2, 3))
    play.do(commands.StartMatch(match_id=2))
    play.do(commands.UpdateScore(match_id=2, participant1_score=1, participant2_score=0))
    play.do(commands.WithdrawParticipant(participant_id=4))
    assert play.tournament.matches[2].status is MatchStatus.WALKOVER
    with pytest.raises(DrawFixed, match="has begun"):
        play.do(swapped(2, 3))


def test_a_draw_is_drawn_again() -> None:
    """By chance for those without a seed, and without those who are out."""
    play = Play(8, KNOCK_OUT)
    before = first_round(play.tournament)
    told = play.do(commands.DrawAgain(lots=LOTS))
    assert [event.type for event in told] == [
        "participants_registered",
        "bracket_generated",
        "bracket_updated",
    ]
    after = first_round(play.tournament)
    assert after != before
    assert sorted(who or 0 for pair in after for who in pair) == list(range(1, 9))
    assert [each.name for each in play.tournament.participants.values()] != [
        f"Player {number}" for number in range(1, 9)
    ]
    play.do(commands.WithdrawParticipant(participant_id=5))
    play.do(commands.DrawAgain())
    assert 5 not in play.tournament.participants
    assert len(bye_matches(play.tournament)) == 1
    assert fold.fold(7, play.log) == play.tournament
    with pytest.raises(Conflict, match="meanwhile"):
        play.do(commands.DrawAgain(version=1))


def test_seeds_keep_their_lines() -> None:
    """Only who has none is drawn by chance."""
    seeded = tuple(
        commands.EntrantLine(name=f"Player {number}", seed=number if number < 4 else None)
        for number in range(1, 9)
    )
    play = Play(8, KNOCK_OUT)
    for chance in range(5):
        play.do(commands.DrawAgain(entrants=seeded, lots=tuple(Random(chance).sample(range(8), 8))))
        lines = [pair[0] for pair in first_round(play.tournament)]
        assert (lines[0], lines[2], lines[3]) == (1, 2, 3)


def test_another_list_is_drawn() -> None:
    """Who was on the old one keeps their id."""
    play = Play(4, KNOCK_OUT)
    lines = (*players(4)[1:], commands.EntrantLine(name="Late"), commands.EntrantLine(name="Later"))
    play.do(commands.DrawAgain(entrants=lines))
    assert list(play.tournament.participants) == [2, 3, 4, 5, 6]
    with pytest.raises(InvalidInput):
        play.do(commands.DrawAgain(entrants=lines[:1]))


@pytest.mark.parametrize(
    "stage", [StageSettings(format=name) for name in ("single_elimination", "double_elimination")]
)
def test_a_late_entry_takes_a_bye(stage: StageSettings) -> None:
    """That of the weakest who has one, as long as they have not played on; then none is left."""
    play = Play(6, stage)
    play.do(commands.StartMatch(match_id=2))
    play.do(commands.AddParticipant(name="Late"))
    assert first_round(play.tournament) == [(1, None), (4, 5), (2, 7), (3, 6)]
    assert play.tournament.matches[3].status is MatchStatus.READY
    check(play)
    play.do(commands.UpdateScore(match_id=2, participant1_score=2, participant2_score=1))
    play.do(commands.ConfirmResult(match_id=2))
    upper = next(m for m in play.tournament.matches.values() if m.match_id > 4 and 1 in _players(m.slots))
    play.do(commands.StartMatch(match_id=upper.match_id))
    with pytest.raises(BracketExists, match="No bye is left"):
        play.do(commands.AddParticipant(name="Too late"))
    play.do(commands.ReopenMatch(match_id=upper.match_id))
    play.to_the_end(Random(3))
    check(play)
    assert fold.fold(7, play.log) == play.tournament


def _players(slots: tuple[object, ...]) -> list[object]:
    return [getattr(slot, "participant_id", None) for slot in slots]


def test_a_late_entry_joins_the_smallest_group() -> None:
    """Before the first match; the others stay where they are, also those who have changed places."""
    play = Play(7, *GROUPS)
    play.do(swapped(1, 2))
    before = [group.members for group in play.tournament.stages[0].groups]
    play.do(commands.AddParticipant(name="Late"))
    assert [group.members for group in play.tournament.stages[0].groups] == [before[0], (*before[1], 8)]
    play.do(commands.StartMatch(match_id=1))
    with pytest.raises(BracketExists, match="has begun"):
        play.do(commands.AddParticipant(name="Too late"))
    play.do(commands.ReopenMatch(match_id=1))
    play.to_the_end(Random(1))
    check(play)
    assert fold.fold(7, play.log) == play.tournament


def test_where_byes_are_marked_one_is_taken() -> None:
    """The list stays one that can be registered: names can be mended afterwards."""
    lines = (*players(2), commands.EntrantLine(name=None), *players(3)[2:])
    play = Play(4, KNOCK_OUT, seeding="given")
    play.do(commands.DrawAgain(entrants=lines))
    play.do(commands.AddParticipant(name="Late"))
    assert [each.name for each in play.tournament.entrants] == ["Player 1", "Player 2", "Late", "Player 3"]
    play.do(commands.RenameParticipant(participant_id=1, name="Eve"))


def test_a_void_match_keeps_the_draw() -> None:
    """And so does somebody whose matches count for nothing, unless it is drawn without them."""
    play = Play(8, *GROUPS)
    play.do(commands.WithdrawParticipant(participant_id=8, policy="void_all"))
    for wish in (swapped(2, 3), commands.AddParticipant(name="Late")):
        with pytest.raises(DrawFixed, match="count for nothing"):
            play.do(wish)
    play.do(commands.DrawAgain())
    assert 8 not in play.tournament.participants
    play.do(commands.StartMatch(match_id=1))
    play.do(commands.VoidMatch(match_id=1))
    with pytest.raises(DrawFixed, match="is void"):
        play.do(swapped(2, 3))


def test_a_given_list_stays_the_draw() -> None:
    """After a swap, a bye that moves, and a late entry; drawn from it again, it is the same."""
    play = Play(6, KNOCK_OUT, seeding="given")
    for wish in (
        swapped(1, 4),
        commands.SwapInDraw(participant_id=5, bye_match_id=bye_matches(play.tournament)[0]),
        commands.AddParticipant(name="Late"),
    ):
        play.do(wish)
        lines = first_round(play.tournament)
        assert [each.id for each in play.tournament.entrants] == [who for pair in lines for who in pair]
        play.do(commands.DrawAgain())
        assert first_round(play.tournament) == lines


def test_a_swiss_has_no_draw() -> None:
    """Its rounds are paired one by one."""
    play = Play(6, StageSettings(format="swiss", rounds=3))
    with pytest.raises(DrawFixed, match="round by round"):
        play.do(swapped(1, 2))
    assert Play(4, KNOCK_OUT).do(swapped(1, 1)) == ()
