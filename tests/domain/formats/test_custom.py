"""A bracket of the organiser's own: what can be played is, what cannot is refused with the reason."""

from __future__ import annotations

from random import Random

import pytest

from quart_app.domain.commands import CreateTournament
from quart_app.domain.decisions import decide
from quart_app.domain.events import MAIN, MatchPlan, SlotPlan, StageSettings
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
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
