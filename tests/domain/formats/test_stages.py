"""Groups, and what follows them: slots that wait for a place, and fill once it is certain."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain.commands import CreateTournament, DrawLots, RecordConduct
from quart_app.domain.decisions import decide
from quart_app.domain.events import Crossing, SlotPlan, StageSettings
from quart_app.domain.fold import fold
from quart_app.domain.formats.crossing import crossed
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.show.names import source_label
from tests.domain.formats.playing import Play
from tests.domain.strategies import NOW, players

GROUPS = StageSettings(format="round_robin", groups=4, advance=2)
KNOCK_OUT = StageSettings(format="single_elimination", third_place=True)


def line(source: SlotPlan) -> str:
    """A line of a crossing as people write it."""
    if source.rank_of is None:
        return "bye"
    rank = source.rank_of
    return f"{rank.group}{rank.place}" if rank.group else f"{rank.place}{''.join(rank.among)}"


def lines(groups: int, advance: int, **more: object) -> list[str]:
    """The lines after so many groups."""
    stage = StageSettings(format="round_robin", groups=groups, advance=advance, **more)  # type: ignore[arg-type]
    return [line(source) for source in crossed(1, stage)]


def test_group_winners_meet_seconds_of_other_groups() -> None:
    """A1–B2, C1–D2 in one half, B1–A2, D1–C2 in the other."""
    assert lines(4, 2) == ["A1", "B2", "C1", "D2", "B1", "A2", "D1", "C2"]
    assert lines(2, 2) == ["A1", "B2", "B1", "A2"]


@given(st.integers(2, 32))
def test_mates_do_not_meet_before_the_final(groups: int) -> None:
    """The two of a group are in different halves, however many groups there are."""
    drawn = lines(groups, 2)
    halves = [drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]]
    for half in halves:
        names = [each[:-1] for each in half if each != "bye"]
        assert len(set(names)) == len(names)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 4))
def test_everybody_who_goes_on_has_one_line(groups: int, advance: int, rest: int) -> None:
    """And nobody else has one."""
    rest = min(rest, groups)
    if groups * advance + rest < 2:
        return
    drawn = [each for each in lines(groups, advance, best_of_rest=rest) if each != "bye"]
    assert len(drawn) == groups * advance + rest
    assert len(set(drawn)) >= groups * advance


def test_the_road_to_the_final_is_seen_from_the_first_day() -> None:
    """Open slots say whom they wait for."""
    tournament = Play(16, GROUPS, KNOCK_OUT).tournament
    quarter = next(match for match in tournament.matches.values() if match.plan.label == "QF 1")
    labels = [source_label(tournament, source) for source in quarter.plan.slots]
    assert labels == ["Winner of group A", "2nd of group B"]


def test_a_slot_fills_in_the_event_that_makes_the_place_certain() -> None:
    """Group A's winner is certain before its last match; `bracket_updated` right after says where they go."""
    play = Play(16, GROUPS, KNOCK_OUT, seeding="given")
    group = [match.match_id for match in play.tournament.matches.values() if match.plan.group == "A"]
    quarter = next(match for match in play.tournament.matches.values() if match.plan.label == "QF 1")
    waiting = quarter.slots[0]
    for match_id in group:
        before = play.tournament.matches[quarter.match_id].slots[0]
        match = play.tournament.matches[match_id]
        play.result(match_id, (3, 0) if match.slots[0].participant_id == 1 else (0, 3))
        after = play.tournament.matches[quarter.match_id].slots[0]
        if before != after:
            assert (before, after.participant_id) == (
                waiting,
                play.tournament.stages[0].groups[0].table[0].participant_id,
            )
            assert quarter.match_id in play.log[-1].about
            return
    pytest.fail("the slot was never filled")


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 8]), st.sampled_from(["single", "double"]))
def test_two_stages_have_one_champion(seed: int, groups: int, kind: str) -> None:
    """Whatever the results; lots are drawn where nothing else separates, and the log alone tells the same."""
    later = StageSettings(format=f"{kind}_elimination")
    play = Play(groups * 4, StageSettings(format="round_robin", groups=groups, advance=2), later)
    chance = Random(seed)
    while play.to_the_end(chance).status.value != "completed":
        draw_all_lots(play, chance)
    assert play.tournament.champion is not None
    assert fold(7, play.log) == play.tournament
    fates = [fate for group in play.tournament.stages[0].groups for fate in group.fates.values()]
    assert (fates.count("through"), fates.count("out")) == (2 * groups, 2 * groups)


def draw_all_lots(play: Play, chance: Random) -> None:
    """Separate everybody who shares a place."""
    for group in play.tournament.stages[0].groups:
        shared = [
            row.participant_id for row in group.table if sum(r.place == row.place for r in group.table) > 1
        ]
        if shared:
            chance.shuffle(shared)
            play.do(DrawLots(stage=1, group=group.name, order=tuple(shared)))


def test_level_in_everything_waits_for_lots() -> None:
    """Four who all drew share the first place; lots make their places final, and fill the slots at once."""
    play = Play(
        8,
        StageSettings(format="round_robin", groups=2, advance=2),
        StageSettings(format="single_elimination"),
    )
    for match_id in [m.match_id for m in play.tournament.matches.values() if m.plan.group == "A"]:
        play.result(match_id, (0, 0))
    group = play.tournament.stages[0].group("A")
    assert {row.place for row in group.table} == {1}
    assert group.final == {}
    told = play.do(DrawLots(stage=1, group="A", order=group.members[::-1]))
    assert [event.type for event in told] == ["lots_drawn", "bracket_updated"]
    assert play.tournament.stages[0].group("A").final[1] == group.members[-1]


def test_conduct_separates_where_the_rules_say_so() -> None:
    """The higher the better; told once."""
    play = Play(4, StageSettings(format="round_robin"))
    for match_id in list(play.tournament.matches):
        play.result(match_id, (0, 0))
    for who, points in ((1, -4), (2, -6), (3, -1), (4, -9)):
        play.do(RecordConduct(stage=1, participant_id=who, points=points))
    assert [row.participant_id for row in play.tournament.stages[0].groups[0].table] == [3, 1, 2, 4]
    assert play.do(RecordConduct(stage=1, participant_id=1, points=-4)) == ()


THIRDS = Crossing(
    lines=("A1", "3BCD", "C1", "D2", "B1", "3ACD", "D1", "bye", "A2", "B2", "C2", *["bye"] * 5),
    table={"AC": "CA", "AB": "BA", "BC": "BC", "AD": "DA", "BD": "BD", "CD": "CD"},
)


def after_groups(crossing: Crossing, third: dict[str, int]) -> Play:
    """Four groups of four are over, all won by the stronger; the thirds have scored this much more."""
    stage = StageSettings(format="round_robin", groups=4, advance=2, best_of_rest=2, crossing=crossing)
    play = Play(16, stage, StageSettings(format="single_elimination"), seeding="given")
    for match in list(play.tournament.matches.values()):
        if match.plan.group:
            stronger = 0 if (match.slots[0].participant_id or 0) < (match.slots[1].participant_id or 0) else 1
            goals = (
                third[match.plan.group]
                if 3 in [(slot.participant_id or 0) % 4 for slot in match.slots]
                else 4
            )
            play.result(match.match_id, (goals + 1, goals) if stronger == 0 else (goals, goals + 1))
    return play


def thirds(play: Play) -> list[int | None]:
    """Who stands on the two lines that are kept for thirds."""
    labels = {m.plan.label: m for m in play.tournament.matches.values()}
    return [labels["R16 1"].slots[1].participant_id, labels["R16 3"].slots[1].participant_id]


def test_best_thirds_go_where_the_table_puts_them() -> None:
    """Lines kept for some groups are filled by the given row, once all groups are over."""
    assert thirds(after_groups(THIRDS, {"A": 3, "B": 1, "C": 2, "D": 1})) == [11, 3]


def test_level_thirds_who_both_go_on_wait_for_no_lots() -> None:
    """Where a table tells by their groups which line is whose, as at the European championship of 2024."""
    assert thirds(after_groups(THIRDS, {"A": 2, "B": 1, "C": 2, "D": 1})) == [11, 3]


def test_level_thirds_wait_for_lots_where_their_order_counts() -> None:
    """Without a table the better has the first choice; and where they are level at the cut, with one too."""
    ordered = Crossing(lines=THIRDS.lines)
    assert thirds(after_groups(ordered, {"A": 3, "B": 1, "C": 2, "D": 1})) == [11, 3]
    assert thirds(after_groups(ordered, {"A": 2, "B": 1, "C": 2, "D": 1})) == [None, None]
    assert thirds(after_groups(THIRDS, {"A": 3, "B": 1, "C": 2, "D": 2})) == [None, None]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"advance": 0}, "advance"),
        ({"advance": 5}, "advance"),
        ({"advance": 2, "best_of_rest": 5}, "best_of_rest"),
        ({"advance": 1, "crossing": Crossing(lines=("A1", "B1"))}, "crossing"),
        ({"advance": 1, "crossing": Crossing(lines=("A1", "B1", "C1", "E1"))}, "crossing"),
        ({"advance": 1, "crossing": Crossing(lines=("A1", "B1", "C1", "A1"))}, "crossing"),
        ({"advance": 1, "crossing": Crossing(lines=("A1", "B1", "C1"))}, "crossing"),
    ],
)
def test_what_cannot_go_on_is_refused(wish: dict[str, object], field: str) -> None:
    """By the setting that is wrong."""
    stage = StageSettings(format="round_robin", groups=4, **wish)  # type: ignore[arg-type]
    command = CreateTournament(name="Cup", entrants=players(16), stages=(stage, KNOCK_OUT))
    with pytest.raises(InvalidInput) as refused:
        decide(Tournament(7), command, NOW)
    assert set(refused.value.problems) == {field}


@pytest.mark.parametrize("format_", ["round_robin", "swiss"])
def test_what_has_a_table_of_its_own_follows_nothing(format_: str) -> None:
    """Its groups are made of participants, whom nobody knows yet; an elimination waits for them."""
    later = StageSettings(format=format_, rounds=1)
    with pytest.raises(InvalidInput) as refused:
        Play(8, GROUPS, later)
    told = "What follows the first stage is one of: single_elimination, double_elimination, custom."
    assert refused.value.problems == {"stages": told}
