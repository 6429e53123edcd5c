"""Who stands on which line of a draw."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.domain.events import Entrant
from quart_app.domain.seeding import draw_lines, draw_size, standard_order
from tests.domain.strategies import sizes

POWERS = [2**k for k in range(1, 11)]


def unseeded(count: int) -> list[Entrant]:
    return [Entrant(id=number, name=f"P{number}") for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("size", "order"),
    [
        (2, [1, 2]),
        (4, [1, 4, 2, 3]),
        (8, [1, 8, 4, 5, 2, 7, 3, 6]),
        (16, [1, 16, 8, 9, 4, 13, 5, 12, 2, 15, 7, 10, 3, 14, 6, 11]),
    ],
)
def test_the_standard_order_is_the_fields(size: int, order: list[int]) -> None:
    """The orders that every rulebook prints, value by value."""
    assert standard_order(size) == order


@pytest.mark.parametrize("size", POWERS)
def test_every_seed_has_one_line(size: int) -> None:
    """A standard draw is a permutation of 1 … size."""
    assert sorted(standard_order(size)) == list(range(1, size + 1))


@pytest.mark.parametrize("size", POWERS)
def test_the_best_2_to_the_k_stand_in_different_parts(size: int) -> None:
    """Cut into 2, 4, 8 … equal parts, each part holds exactly one of the best 2, 4, 8 …: seeds 1 and 2 can
    only meet in the final, the best four in the semi-finals."""
    order = standard_order(size)
    for parts in (2**k for k in range(1, size.bit_length())):
        length = size // parts
        best = [
            sum(seed <= parts for seed in order[start : start + length]) for start in range(0, size, length)
        ]
        assert best == [1] * parts, f"{parts} parts"


@pytest.mark.parametrize("size", POWERS)
def test_neighbours_add_up(size: int) -> None:
    """If the better seed always wins, seed p meets size + 1 - p in every round."""
    order = standard_order(size)
    while len(order) > 1:
        pairs = [order[line : line + 2] for line in range(0, len(order), 2)]
        assert {sum(pair) for pair in pairs} == {len(order) + 1}
        order = [min(pair) for pair in pairs]


@pytest.mark.parametrize(("lines", "size"), [(2, 2), (3, 4), (4, 4), (5, 8), (1023, 1024), (1024, 1024)])
def test_a_draw_has_the_next_power_of_two_lines(lines: int, size: int) -> None:
    """Just enough lines for everybody."""
    assert draw_size(lines) == size


@pytest.mark.parametrize("seeding", ["standard", "given"])
def test_everybody_stands_on_one_line_for_every_n(seeding: str) -> None:
    """For each n from 2 to 1024 each participant is drawn once, and the rest of the lines are byes."""
    for count in range(2, 1025):
        lines = draw_lines(unseeded(count), seeding)
        assert sorted(line for line in lines if line is not None) == list(range(1, count + 1))
        assert len(lines) == draw_size(count)


@pytest.mark.parametrize("seeding", ["standard", "given"])
def test_byes_never_meet_for_any_n(seeding: str) -> None:
    """For each n from 2 to 1024 every first-round pair has a real participant."""
    for count in range(2, 1025):
        lines = draw_lines(unseeded(count), seeding)
        assert all(pair != (None, None) for pair in zip(lines[::2], lines[1::2], strict=True)), count


@given(sizes(1024))
def test_byes_fall_to_the_top_seeds(count: int) -> None:
    """Whoever has a bye is better than everybody who has none."""
    lines = draw_lines(unseeded(count), "standard")
    rested = {
        line
        for pair in zip(lines[::2], lines[1::2], strict=True)
        if None in pair
        for line in pair
        if line is not None
    }
    assert rested == set(range(1, draw_size(count) - count + 1))


@given(sizes(200))
def test_a_given_draw_keeps_its_order(count: int) -> None:
    """Top to bottom, the participants stand as they were listed, seeds or not."""
    entrants = [Entrant(id=number, name="P", seed=count + 1 - number) for number in range(1, count + 1)]
    assert [line for line in draw_lines(entrants, "given") if line] == list(range(1, count + 1))


def test_byes_in_a_given_draw_stay_on_their_lines() -> None:
    """An explicit bye is where the list has it."""
    nobody = Entrant(id=None, name=None)
    first, second = unseeded(2)
    assert draw_lines([nobody, first, second, nobody], "given") == [None, 1, 2, None]


def test_a_short_given_draw_has_its_byes_where_a_standard_draw_has_them() -> None:
    """Five players listed on eight lines: 1 bye, 2–3, 4 bye, 5 bye."""
    assert draw_lines(unseeded(5), "given") == [1, None, 2, 3, 4, None, 5, None]


def test_the_seeded_come_before_the_rest() -> None:
    """Standard seeding ranks by seed, then as listed; a gap between seeds does not matter."""
    seeds = [None, 7, None, 2]
    entrants = [Entrant(id=number, name="P", seed=seed) for number, seed in enumerate(seeds, start=1)]
    assert draw_lines(entrants, "standard") == [4, 3, 2, 1]


@given(st.integers(2, 64), st.data())
def test_the_order_of_a_fully_seeded_list_does_not_matter(count: int, data: st.DataObject) -> None:
    """Where everybody has a seed, the draw is the same however the list was sorted."""
    entrants = [Entrant(id=number, name="P", seed=number) for number in range(1, count + 1)]
    shuffled = data.draw(st.permutations(entrants))
    assert draw_lines(shuffled, "standard") == draw_lines(entrants, "standard")
