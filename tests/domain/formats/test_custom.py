"""A bracket of the organiser's own: what can be played is, what cannot is refused with the reason."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from quart_app.domain.commands import CreateTournament
from quart_app.domain.decisions import decide
from quart_app.domain.events import MAIN, MatchPlan, RankOf, SlotPlan, StageSettings
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.show.views.bracket import bracket_view
from tests.domain.formats.playing import Play
from tests.domain.strategies import NOW, players


def plan(
    match_id: int, round_: int, *slots: SlotPlan, best_of: int = 1, if_needed: int | None = None
) -> MatchPlan:
    """A match of the graph."""
    return MatchPlan(
        match_id=match_id,
        stage=MAIN,
        round=round_,
        position=1,
        slots=(slots[0], slots[1]),
        best_of=best_of,
        if_needed=if_needed,
    )


def p(line: int) -> SlotPlan:
    """A line of the list."""
    return SlotPlan(participant=line)


def w(match_id: int) -> SlotPlan:
    """The winner of a match."""
    return SlotPlan(winner_of=match_id)


def lo(match_id: int) -> SlotPlan:
    """The loser of a match."""
    return SlotPlan(loser_of=match_id)


PAGE_PLAYOFF = (
    plan(10, 1, p(1), p(2)),
    plan(20, 1, p(3), p(4)),
    plan(30, 2, lo(10), w(20)),
    plan(40, 3, w(10), w(30), best_of=3),
)
"""The first two meet, whose loser has another chance against the winner of the other two."""


ROBOTICS = (
    *(plan(number, 1, p(first), p(9 - first)) for number, first in enumerate((1, 4, 2, 3), start=1)),
    *(plan(5, 2, lo(1), lo(2)), plan(6, 2, lo(3), lo(4)), plan(7, 2, w(1), w(2)), plan(8, 2, w(3), w(4))),
    *(plan(9, 3, lo(7), w(6)), plan(10, 3, lo(8), w(5)), plan(11, 4, w(7), w(8)), plan(12, 4, w(10), w(9))),
    *(plan(13, 5, lo(11), w(12)), plan(14, 6, w(11), w(13), best_of=3)),
)
"""Eight alliances, as they are played: rounds of both brackets at once, which are no tree."""
SIDES = dict.fromkeys(range(1, 14), "losers") | dict.fromkeys((1, 2, 3, 4, 7, 8, 11), "winners")
SIDED = tuple(replace(each, side=SIDES.get(each.match_id, "final")) for each in ROBOTICS)


def test_a_page_playoff_is_played_to_its_end() -> None:
    """Matches are numbered in play order, and the last one decides."""
    play = Play(4, StageSettings(format="custom", plans=PAGE_PLAYOFF))
    assert list(play.tournament.matches) == [1, 2, 3, 4]
    play.result(1, (1, 0))
    play.result(2, (0, 1))
    play.result(3, (1, 0))
    play.result(4, (1, 2))
    assert play.tournament.champion == play.tournament.participants[2]
    assert play.tournament.status.value == "completed"


@pytest.mark.parametrize("seed", range(8))
def test_it_always_has_one_champion(seed: int) -> None:
    """Whoever wins."""
    end = Play(4, StageSettings(format="custom", plans=PAGE_PLAYOFF)).to_the_end(Random(seed))
    assert [place for place, _ in end.places] == [1, 2]


@pytest.mark.parametrize(
    ("plans", "words"),
    [
        ((), "Give the matches"),
        ((plan(1, 1, p(1), p(2)), plan(1, 2, w(1), p(3))), "same match_id"),
        ((plan(1, 1, p(1), p(2)), plan(2, 2, w(1), w(1))), "Participant 3 plays in no match"),
        ((plan(1, 1, p(1), p(2)), plan(2, 2, w(1), p(3)), plan(3, 2, w(1), p(3))), "goes to matches 2 and 3"),
        ((plan(1, 1, p(1), p(2)), plan(2, 2, w(9), p(3))), "waits for match 9"),
        ((plan(1, 1, p(1), w(2)), plan(2, 2, w(1), p(3))), "waits for itself"),
        ((plan(1, 2, p(1), p(2)), plan(2, 2, w(1), p(3))), "must be of a later round"),
        ((plan(1, 1, p(1), p(4)), plan(2, 2, w(1), p(3))), "there are 3"),
        ((plan(1, 1, p(1), SlotPlan()), plan(2, 2, w(1), p(3))), "from one source"),
        ((plan(1, 0, p(1), p(2)), plan(2, 2, w(1), p(3))), "rounds count from 1"),
        ((plan(1, 1, p(1), p(2), best_of=2), plan(2, 2, w(1), p(3))), "odd number"),
    ],
)
def test_what_cannot_be_played_is_refused(plans: tuple[MatchPlan, ...], words: str) -> None:
    """With the match that is wrong, and why."""
    command = CreateTournament(
        name="Cup", entrants=players(3), stages=(StageSettings(format="custom", plans=plans),)
    )
    with pytest.raises(InvalidInput) as refused:
        decide(Tournament(7), command, NOW)
    assert words in refused.value.problems["matches"]


GROUPS = StageSettings(format="round_robin", groups=4)


def rank(place: int, group: str = "", best: int = 0, stage: int = 1) -> SlotPlan:
    """A place in the groups."""
    return SlotPlan(rank_of=RankOf(stage=stage, place=place, group=group, best=best))


def test_a_graph_can_follow_groups() -> None:
    """Group winners and the best two seconds, as a graph of its own; who goes on follows from it."""
    plans = (
        plan(1, 1, rank(1, "A"), rank(2, best=1)),
        plan(2, 1, rank(1, "B"), rank(2, best=2)),
        plan(3, 1, rank(1, "C"), rank(1, "D")),
        plan(4, 2, w(1), w(2)),
        plan(5, 3, w(4), w(3)),
    )
    play = Play(16, GROUPS, StageSettings(format="custom", plans=plans), seeding="given")
    for match in list(play.tournament.matches.values()):
        if match.plan.group:
            first, second = (slot.participant_id or 0 for slot in match.slots)
            goals = ord(match.plan.group) - ord("A") if 2 in (first % 4, second % 4) else 0
            play.result(match.match_id, (1 + goals, goals) if first < second else (goals, 1 + goals))
    quarter = next(match for match in play.tournament.matches.values() if match.plan.stage_number == 2)
    assert all(slot.participant_id for slot in quarter.slots)
    fates = [fate for group in play.tournament.stages[0].groups for fate in group.fates.values()]
    assert (fates.count("through"), fates.count("out")) == (6, 10)
    assert play.to_the_end(Random(1)).champion is not None


@pytest.mark.parametrize(
    ("slot", "words"),
    [
        (rank(1, "A", stage=2), "no earlier stage"),
        (rank(1, "E"), "a group that stage 1 does not have"),
        (rank(5, "A"), "a group has 4 members"),
        (rank(2), "which of the best"),
    ],
)
def test_a_place_that_there_is_not_is_refused(slot: SlotPlan, words: str) -> None:
    """By the matches that wait for it."""
    later = StageSettings(format="custom", plans=(plan(1, 1, rank(1, "B"), slot),))
    with pytest.raises(InvalidInput) as refused:
        decide(Tournament(7), CreateTournament(name="Cup", entrants=players(16), stages=(GROUPS, later)), NOW)
    assert words in refused.value.problems["matches"]


def test_a_first_stage_waits_for_no_place() -> None:
    """There is none before it."""
    stage = StageSettings(format="custom", plans=(plan(1, 1, p(1), rank(1, "A")),))
    with pytest.raises(InvalidInput) as refused:
        decide(Tournament(7), CreateTournament(name="Cup", entrants=players(2), stages=(stage,)), NOW)
    assert "matches" in refused.value.problems


def test_a_round_in_which_both_sides_play_is_one_for_each() -> None:
    """The robotics bracket: winners and losers play in the same rounds, and stand in their own sections."""
    tournament = Play(8, StageSettings(format="custom", plans=SIDED), seeding="given").tournament
    sections = bracket_view(tournament).stages[0].sections
    assert [
        (section.title, [(column.title.name, column.title.played) for column in section.columns])
        for section in sections
    ] == [
        ("Winners", [("Round 1", 4), ("Round 2", 2), ("Round 4", 1)]),
        ("Losers", [("Round 2", 2), ("Round 3", 2), ("Round 4", 1), ("Round 5", 1)]),
        ("Grand final", [("Round 6", 1)]),
    ]
    assert [section.lines for section in sections] == [4, 0, 1]  # the losers cross over, which is no tree
    labels = [match.plan.label for match in tournament.matches.values()]
    assert (len(set(labels)), labels[4:8]) == (14, [f"Round 2, {number}" for number in (1, 2, 3, 4)])
