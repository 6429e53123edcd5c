"""Double elimination: nobody is out with one defeat, and old rivals meet again as late as can be."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.commands import ConfirmResult
from quart_app.domain.events import FINAL, LOSERS, WINNERS, MatchPlan, SlotPlan, StageSettings
from quart_app.domain.fold import fold
from quart_app.domain.formats import Opening
from quart_app.domain.formats.double_elimination import DoubleElimination
from tests.domain.formats.playing import Play
from tests.domain.strategies import on_place, sizes


def plans(size: int, grand_final: str = "reset") -> tuple[MatchPlan, ...]:
    """The graph of a full draw."""
    lines = tuple(SlotPlan(participant=line) for line in range(1, size + 1))
    opening = Opening(StageSettings(format="double_elimination", grand_final=grand_final), lines)
    return DoubleElimination().draw(opening).matches


@settings(max_examples=40)
@given(sizes(128), st.sampled_from(["single", "reset"]), st.integers(0, 2**32 - 1))
def test_everybody_is_out_with_two_defeats(count: int, grand_final: str, seed: int) -> None:
    """But the champion, and with a single grand final the winners' champion who loses it. Each side has the
    matches it must have, nobody plays while out, and the log alone tells the same."""
    play = Play(count, StageSettings(format="double_elimination", grand_final=grand_final))
    defeats: Counter[int] = Counter()
    chance = Random(seed)
    while play.tournament.agenda.ready:
        match = play.tournament.matches[chance.choice(play.tournament.agenda.ready)]
        assert all(defeats[slot.participant_id or 0] < 2 for slot in match.slots)
        play.result(match.match_id, chance.choice([(1, 0), (0, 1)]))
        defeats[play.tournament.matches[match.match_id].loser_id or 0] += 1
    end = play.tournament
    played = Counter(match.plan.side for match in end.matches.values() if match.result is not None)
    assert (played[WINNERS], played[LOSERS]) == (count - 1, count - 2)
    out = [defeats[who] for who in end.participants if end.champion is None or who != end.champion.id]
    assert sorted(out)[1:] == [2] * (count - 2)
    assert out.count(2) == count - 1 or grand_final == "single"
    assert end.status.value == "completed"
    assert fold(7, play.log) == end


@settings(max_examples=30)
@given(sizes(64))
def test_no_match_has_two_byes(count: int) -> None:
    """Where nobody could ever come, there is no match."""
    drawn = Play(count, StageSettings(format="double_elimination")).tournament
    assert not [match for match in drawn.matches.values() if match.slots[0].bye and match.slots[1].bye]


@pytest.mark.parametrize(("size", "earliest"), [(8, 3), (16, 4), (32, 5), (64, 7), (128, 8)])
def test_old_rivals_meet_again_as_late_as_can_be(size: int, earliest: int) -> None:
    """The first losers' round in which two who have met in the winners' bracket can meet again."""
    graph = {plan.match_id: plan for plan in plans(size)}
    first_losers_round: dict[int, int] = {}
    for plan in graph.values():
        if plan.side == LOSERS:
            first_losers_round.setdefault(plan.round, len(first_losers_round) + 1)

    def through(slot: SlotPlan) -> set[int]:
        """The winners' matches whose loser can come here."""
        if slot.loser_of is not None:
            return {slot.loser_of}
        feeder = graph[slot.winner_of or 0]
        return through(feeder.slots[0]) | through(feeder.slots[1])

    def lines(match_id: int) -> set[int]:
        """Who can be in a winners' match."""
        found: set[int] = set()
        for slot in graph[match_id].slots:
            found |= {slot.participant} if slot.participant is not None else lines(slot.winner_of or 0)
        return found

    met = {
        frozenset((one, other))
        for one, other in combinations([each for each in graph if graph[each].side == WINNERS], 2)
        if lines(one) & lines(other)
    }
    rounds = [
        first_losers_round[plan.round]
        for plan in graph.values()
        if plan.side == LOSERS
        for one in through(plan.slots[0])
        for other in through(plan.slots[1])
        if frozenset((one, other)) in met
    ]
    assert min(rounds) == earliest


def test_the_rounds_have_their_names() -> None:
    """Of eight, in the order of play; each label stands once."""
    tournament = Play(8, StageSettings(format="double_elimination")).tournament
    assert [each.name for each in tournament.rounds] == [
        "Winners' round 1",
        "Winners' semi-finals",
        "Losers' round 1",
        "Losers' round 2",
        "Winners' final",
        "Losers' round 3",
        "Losers' final",
        "Grand final",
        "Reset",
    ]
    labels = [match.plan.label for match in tournament.matches.values()]
    assert len(set(labels)) == len(labels)
    upper = Play(4, StageSettings(format="double_elimination", upper=True)).tournament
    assert [each.name for each in upper.rounds][:2] == ["Upper semi-finals", "Upper final"]


def final_of(*winners: int) -> Play:
    """Four players, the better seed always winning; then the grand finals as given by their sides."""
    play = Play(4, StageSettings(format="double_elimination"))
    finals = [match.match_id for match in play.tournament.matches.values() if match.plan.side == FINAL]
    while (ready := play.tournament.agenda.ready) and ready[0] not in finals:
        play.result(ready[0], (1, 0))
    for match_id, winner in zip(finals, winners, strict=False):
        play.result(match_id, (1, 0) if winner == 1 else (0, 1))
    return play


def test_a_reset_that_is_not_needed_is_void() -> None:
    """Neither pending nor a bye, and the tournament is over; the bracket's update tells of it."""
    play = final_of(1)
    reset = list(play.tournament.matches.values())[-1]
    assert (reset.status, reset.played, play.tournament.status.value) == (
        MatchStatus.VOID,
        False,
        "completed",
    )
    assert play.tournament.agenda.ready == ()
    updated = [event for event in play.log if event.type == "bracket_updated"][-1]
    assert reset.match_id in updated.about


def test_a_reset_is_played_once_the_losers_champion_has_won() -> None:
    """With the same two, the winners' champion on side 1, and only then there is a champion."""
    play = final_of(2)
    *_, final, reset = play.tournament.matches.values()
    assert (reset.status, reset.slots) == (MatchStatus.READY, final.slots)
    assert play.tournament.champion is None
    play.result(reset.match_id, (0, 1))
    champion = play.tournament.champion
    assert champion is not None
    assert champion.id == final.slots[1].participant_id


def test_who_falls_in_the_same_round_shares_a_place() -> None:
    """1, 2, 3, 4, then 5–6 and 7–8."""
    play = Play(8, StageSettings(format="double_elimination"))
    places = [place for place, _ in play.to_the_end(Random(1)).places]
    assert places == [1, 2, 3, 4, 5, 5, 7, 7]
    assert on_place(play.tournament, 3) is not None
    assert on_place(play.tournament, 5) is None


@settings(max_examples=30)
@given(sizes(20), st.sampled_from(["single", "reset"]), st.integers(0, 2**32 - 1))
def test_a_place_that_was_told_stays(count: int, grand_final: str, seed: int) -> None:
    """Wherever neither side goes on: nobody else's place moves. At the end everybody has one, but who could
    have come to a final that has no winner."""
    play = Play(count, StageSettings(format="double_elimination", grand_final=grand_final))
    chance, told = Random(seed), dict[int, int]()
    while ready := play.tournament.agenda.ready:
        if chance.random() < 0.3:
            play.do(ConfirmResult(match_id=chance.choice(ready), walkover=True))
        else:
            play.result(chance.choice(ready), chance.choice([(1, 0), (0, 1)]))
        places = {who: place for place, who in play.tournament.places}
        assert places.items() >= told.items()
        told = places
    assert play.tournament.status.value == "completed"
    assert max(told.values(), default=1) <= count
    unplaced = [who for who in play.tournament.participants if who not in told]
    assert len(unplaced) in ((0,) if play.tournament.champion is not None else (0, 1, 2))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Winners' round 1", 7),
        ("Winners' semi-finals", 5),
        ("Winners' final", 3),
        ("Losers' round 2", 5),
        ("Losers' round 3", 4),
    ],
)
def test_both_are_out_where_neither_goes_on(name: str, place: int) -> None:
    """Of eight: in the winners' bracket as if they had lost in the losers' bracket, too."""
    play = Play(8, StageSettings(format="double_elimination"))
    falling = next(each.match_ids for each in play.tournament.rounds if each.name == name)
    while ready := [each for each in play.tournament.agenda.ready if each != falling[-1]]:
        play.result(ready[0], (1, 0))
    both = {slot.participant_id for slot in play.tournament.matches[falling[-1]].slots}
    play.do(ConfirmResult(match_id=falling[-1], walkover=True))
    end = play.to_the_end(Random(1))
    assert both <= {who for each, who in end.places if each == place}
    assert end.champion is not None


def test_of_three_nobody_is_fourth() -> None:
    """The first losers' round is a bye there; who is out before it would have played in the next."""
    play = Play(3, StageSettings(format="double_elimination"))
    play.do(ConfirmResult(match_id=play.tournament.agenda.ready[0], walkover=True))
    assert [place for place, _ in play.tournament.places] == [1, 3, 3]
