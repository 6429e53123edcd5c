"""Single elimination: lose once and you are out; optionally the semi-final losers play for third place.

With size = a power of two, the winner of match m of a round goes to match ceil(m/2) of the next, from an
odd m to side 1. The third-place match takes the semi-final losers by the same parity and comes before the
final.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import THIRD_PLACE, SlotPlan, StageSettings
from quart_app.domain.formats.elimination import Planner, final_places
from quart_app.domain.formats.port import Drawn, Opening, Places, Setting
from quart_app.domain.words import THIRD_PLACE_LABEL, match_label, round_name, short_round_name


class SingleElimination:
    """The format; it holds nothing."""

    name: Final = "single_elimination"
    title: Final = "Single elimination"
    explains: Final = "Lose once and you are out."
    layout: Final = "bracket"
    uses: Final[frozenset[Setting]] = frozenset({"third_place", "best_of"})

    def problems(self, settings: StageSettings, participants: int) -> Mapping[str, str]:
        """A third place takes two who have lost a semi-final."""
        if settings.third_place and participants < 4:
            return {"third_place": "A third-place match needs at least 4 participants."}
        return {}

    def draw(self, opening: Opening) -> Drawn:
        """The graph for a draw of a power of two lines."""
        sources = list(opening.lines)
        rounds = len(sources).bit_length() - 1
        planner = Planner(opening)
        for number in range(1, rounds + 1):
            name = round_name(2 ** (rounds - number + 1))
            short = short_round_name(name)
            planner.round(name, short)
            if number == rounds > 1 and opening.settings.third_place:
                losers = [SlotPlan(loser_of=source.winner_of) for source in sources]
                planner.plan(losers, 2, THIRD_PLACE_LABEL, kind=THIRD_PLACE)
            sources = [
                planner.plan(sources[2 * position - 2 : 2 * position], position, match_label(short, position))
                for position in range(1, len(sources) // 2 + 1)
            ]
        return Drawn(tuple(planner.rounds), tuple(planner.short_rounds), tuple(planner.matches))

    def places(self, matches: Mapping[int, Match]) -> Places:
        """First and second of the final, third of the match for it."""
        return final_places(matches)
