"""The best of a place in several groups, such as the best thirds: who they are, where they go, and lots."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain.commands import DrawLots, RecordConduct, WithdrawParticipant
from quart_app.domain.events import MAIN, Crossing, MatchPlan, RankOf, SlotPlan, StageSettings
from quart_app.domain.fold import changed
from quart_app.domain.formats.crossing import crossed
from quart_app.errors import InvalidInput
from quart_app.show.fragments import render_all, render_changes
from quart_app.show.views.staff.work import stage_work
from quart_app.show.views.table import best_view
from tests.domain.formats.playing import Play
from tests.domain.test_random_play import page_of

KNOCK_OUT = StageSettings(format="single_elimination")


def groups(count: int, size: int, **more: object) -> Play:
    """So many groups, as listed: the first ``size`` participants are group A."""
    stage = StageSettings(format="round_robin", groups=count, **more)  # type: ignore[arg-type]
    return Play(count * size, stage, KNOCK_OUT, seeding="given")


def played(play: Play, **other: dict[tuple[int, int], tuple[int, int]]) -> Play:
    """All groups are played: the stronger wins 1–0, but for the results of a group by (place, place)."""
    size = len(play.tournament.stages[0].groups[0].members)
    for match in [each for each in play.tournament.matches.values() if each.plan.group]:
        first, second = ((slot.participant_id or 0) for slot in match.slots)
        pair = (first - 1) % size + 1, (second - 1) % size + 1
        results = other.get(match.plan.group, {})
        turned = results.get((pair[1], pair[0]))
        usual = (1, 0) if pair[0] < pair[1] else (0, 1)
        play.result(match.match_id, results.get(pair, (turned[1], turned[0]) if turned else usual))
    return play


def going_on(play: Play) -> set[int | None]:
    """Who stands in the knock-out by now."""
    return {
        slot.participant_id
        for match in play.tournament.matches.values()
        if not match.plan.group
        for slot in match.slots
        if slot.participant_id
    }


@pytest.mark.parametrize(("ruleset", "through"), [("football_uefa", 7), ("football_fifa_2026", 3)])
def test_the_best_thirds_are_told_by_the_criteria_of_the_rule_set(ruleset: str, through: int) -> None:
    """Level on points, difference and goals: at UEFA's it goes by wins then, at FIFA's by conduct. Their
    matches against each other there are none."""
    play = groups(2, 4, advance=2, best_of_rest=1, ruleset=ruleset)
    third_a = {(1, 2): (0, 0), (1, 3): (2, 2), (2, 3): (0, 0), (3, 4): (0, 0), (1, 4): (1, 0), (2, 4): (1, 0)}
    third_b = {(1, 2): (0, 0), (1, 3): (1, 0), (2, 3): (1, 0), (3, 4): (2, 0), (1, 4): (1, 0), (2, 4): (1, 0)}
    played(play, A=third_a, B=third_b)
    tables = [[row.participant_id for row in group.table] for group in play.tournament.stages[0].groups]
    assert [table[2] for table in tables] == [3, 7]
    thirds = [row for group in play.tournament.stages[0].groups for row in group.table if row.place == 3]
    assert len({(row.points, row.scored - row.conceded, row.scored) for row in thirds}) == 1
    assert {row.won for row in thirds} == {0, 1}
    play.do(RecordConduct(stage=1, participant_id=3, points=-1))
    play.do(RecordConduct(stage=1, participant_id=7, points=-5))
    assert through in going_on(play)


def test_lots_of_a_group_say_nothing_of_another() -> None:
    """Seconds are level in both groups; their own lots tell who is second, and lots among the seconds who
    goes on. Neither changes the other."""
    level = {(2, 3): (0, 0)}
    play = played(groups(2, 4, advance=1, best_of_rest=1), A=level, B=level)
    play.do(DrawLots(stage=1, group="A", order=(3, 2)))
    play.do(DrawLots(stage=1, group="B", order=(6, 7)))
    assert going_on(play) == {1, 5}
    assert [(name, ids) for name, ids, _ in stage_work(play.tournament)[0].level] == [("", (3, 6))]
    told = play.do(DrawLots(stage=1, group="", order=(6, 3)))
    assert [event.type for event in told] == ["lots_drawn", "bracket_updated"]
    assert going_on(play) == {1, 5, 6}
    tables = [[row.participant_id for row in group.table] for group in play.tournament.stages[0].groups]
    assert tables == [[1, 3, 2, 4], [5, 6, 7, 8]]
    assert stage_work(play.tournament)[0].level == ()


def test_lots_across_groups_are_of_one_each() -> None:
    """Two of a group are told apart in their group."""
    play = played(groups(2, 4, advance=1, best_of_rest=1))
    with pytest.raises(InvalidInput) as refused:
        play.do(DrawLots(stage=1, group="", order=(2, 3, 6)))
    assert refused.value.problems == {
        "group": "Player 2 and Player 3 are both of group A: name the group, or one of each."
    }


@pytest.mark.parametrize(("strong", "second"), [("A", 2), ("B", 5)])
def test_the_only_best_second_is_of_any_group(strong: str, second: int) -> None:
    """Also of the group whose winner is met: there is no other line."""
    play = played(groups(2, 3, advance=1, best_of_rest=1), **{strong: {(2, 3): (5, 0)}})
    assert going_on(play) == {1, 4, second}
    assert play.tournament.agenda.ready


@given(st.integers(2, 32), st.integers(1, 3), st.integers(1, 32), st.integers(0, 2**32 - 1))
def test_whoever_goes_on_finds_a_line(count: int, advance: int, rest: int, seed: int) -> None:
    """Whichever groups the best of the rest are of, and however many they are."""
    rest = min(rest, count)
    slots = crossed(1, StageSettings(format="round_robin", groups=count, advance=advance, best_of_rest=rest))
    kept = [slot.rank_of.among for slot in slots if slot.rank_of is not None and slot.rank_of.best]
    names = sorted({name for among in kept for name in among})
    assert len(names) == count
    wanted = Random(seed).sample(names, rest)
    lines: dict[int, str] = {}

    def seated(name: str, tried: set[int]) -> bool:
        for line, among in enumerate(kept):
            if line not in tried and name in among:
                tried.add(line)
                if line not in lines or seated(lines[line], tried):
                    lines[line] = name
                    return True
        return False

    assert all(seated(name, set()) for name in wanted)


def test_a_crossing_in_which_somebody_would_find_no_line_is_refused() -> None:
    """Thirds of A and B may both go on, and only one line takes one of them."""
    lines = ("A1", "3AB", "C1", "D2", "B1", "3CD", "D1", "bye", "A2", "B2", "C2", *["bye"] * 5)
    stage = StageSettings(
        format="round_robin", groups=4, advance=2, best_of_rest=2, crossing=Crossing(lines=lines)
    )
    with pytest.raises(InvalidInput) as refused:
        Play(16, stage, KNOCK_OUT)
    assert refused.value.problems == {
        "crossing": "Groups A, B have too few lines: more of them can go on than find one."
    }


def rank(place: int, **more: object) -> SlotPlan:
    """A slot that waits for a place of the first stage."""
    return SlotPlan(rank_of=RankOf(stage=1, place=place, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ((rank(1, group="A"), rank(2, best=2)), "Of place 2 the best 1 go on: number them 1 to 1."),
        ((rank(1, group="A"), rank(1, best=1)), "it is one or other"),
        ((rank(1, group="A"), rank(1, group="A")), "come from the same source"),
        ((rank(1, group="A"), rank(2, best=1, among=("A",))), "Group B has too few lines"),
    ],
)
def test_a_graph_waits_for_places_that_somebody_comes_to(
    slots: tuple[SlotPlan, SlotPlan], words: str
) -> None:
    """Else it could not be played to its end."""
    plan = MatchPlan(match_id=1, stage=MAIN, round=1, position=1, slots=slots, best_of=1, label="Final")
    with pytest.raises(InvalidInput) as refused:
        Play(6, StageSettings(format="round_robin", groups=2), StageSettings(format="custom", plans=(plan,)))
    assert words in refused.value.problems["matches"]


def test_a_group_that_has_no_third_leaves_a_line_free() -> None:
    """All thirds go on, and one group has but two left whose matches count."""
    play = groups(2, 3, advance=2, best_of_rest=2)
    play.do(WithdrawParticipant(participant_id=6, policy="void_all"))
    for match_id in list(play.tournament.agenda.ready):
        first, second = (slot.participant_id or 0 for slot in play.tournament.matches[match_id].slots)
        play.result(match_id, (1, 0) if first < second else (0, 1))
        if not play.tournament.agenda.ready:
            break
    assert going_on(play) == {1, 2, 3, 4, 5}


def fates_of(play: Play) -> dict[int, str]:
    """Of whom it is certain by now that they are through, or out."""
    return {who: fate for group in play.tournament.stages[0].groups for who, fate in group.fates.items()}


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(3, 3, 1, 1), (4, 3, 1, 2), (3, 4, 2, 2)]))
def test_what_is_told_of_the_best_comes_true(seed: int, world: tuple[int, int, int, int]) -> None:
    """Who is through is through at the end, who is out stays out, whatever happens in between."""
    count, size, advance, rest = world
    play, chance = groups(count, size, advance=advance, best_of_rest=rest), Random(seed)
    grouped = {each for each, match in play.tournament.matches.items() if match.plan.group}
    told: dict[int, str] = {}
    while open_ := [each for each in play.tournament.agenda.ready if each in grouped]:
        play.result(chance.choice(open_), chance.choice([(0, 0), (1, 0), (0, 2), (2, 2), (3, 1)]))
        fates = fates_of(play)
        assert told.items() <= fates.items()
        told = fates
    for _ in range(count * size):
        for name, ids, _ in stage_work(play.tournament)[0].level:
            play.do(DrawLots(stage=1, group=name, order=tuple(chance.sample(ids, len(ids)))))
    fates = fates_of(play)
    assert told.items() <= fates.items()
    assert list(fates.values()).count("through") == count * advance + rest
    assert len(fates) == count * size


def test_enough_points_are_enough_before_the_last_group_is_over() -> None:
    """Six points for the second of A: that of B has four, and nobody of C can come to more than five."""
    play = groups(3, 4, advance=1, best_of_rest=1)
    by_group = {
        name: [each for each in play.tournament.matches.values() if each.plan.group == name] for name in "ABC"
    }
    for match in (*by_group["A"], *by_group["B"]):
        pair = sorted((slot.participant_id or 0) % 4 or 4 for slot in match.slots)
        drawn = pair == [2, 3] and match.plan.group == "B"
        stronger = (match.slots[0].participant_id or 0) < (match.slots[1].participant_id or 0)
        play.result(match.match_id, (0, 0) if drawn else (1, 0) if stronger else (0, 1))
    assert play.tournament.stages[0].groups[0].fates == {1: "through", 3: "out", 4: "out"}
    for match in by_group["C"][:4]:
        play.result(match.match_id, (0, 0))
    assert play.tournament.stages[0].groups[0].fates[2] == "through"
    assert play.tournament.stages[0].groups[1].fates == {5: "through", 6: "out", 7: "out", 8: "out"}


def test_the_thirds_are_seen_beside_each_other() -> None:
    """From the first day, as they stand now; with every result of a group, and with lots among them."""
    play = groups(3, 4, advance=1, best_of_rest=1)
    page = page_of(render_all(play.tournament))
    assert "Best 2nds" in render_all(play.tournament)
    for match in [each for each in play.tournament.matches.values() if each.plan.group]:
        before = play.tournament
        first, second = (slot.participant_id or 0 for slot in match.slots)
        level = {first, second} in ({2, 3}, {6, 7})
        play.result(match.match_id, (0, 0) if level else (1, 0) if first < second else (0, 1))
        page.receive(render_changes(play.tournament, changed(before, play.tournament)))
        assert page.differences(page_of(render_all(play.tournament))) == []
    assert best_line(play) == [(1, 10, "through"), (2, 2, "out"), (2, 6, "out")]
    for name, order in (("A", (3, 2)), ("B", (6, 7)), ("", (6, 3))):
        before = play.tournament
        play.do(DrawLots(stage=1, group=name, order=order))
        page.receive(render_changes(play.tournament, changed(before, play.tournament)))
        assert page.differences(page_of(render_all(play.tournament))) == []
    assert best_line(play) == [(1, 10, "through"), (2, 6, "out"), (3, 3, "out")]


def best_line(play: Play) -> list[tuple[int, int, str]]:
    """The table of the best: place, who, and what is certain of them."""
    view = best_view(play.tournament, play.tournament.stages[0])
    assert view is not None
    return [(row.place, row.row.participant_id, row.outcome) for row in view.rows]
