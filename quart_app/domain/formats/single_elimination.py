"""Single elimination: lose once and you are out; optionally the semi-final losers play for third place.

With size = a power of two, the winner of match m of a round goes to match ceil(m/2) of the next, from an
odd m to side 1. The third-place match takes the semi-final losers by the same parity and comes before the
final.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import MAIN, THIRD_PLACE, MatchPlan, SlotPlan
from quart_app.domain.formats.port import Drawn, Places
from quart_app.domain.words import THIRD_PLACE_LABEL, match_label, round_name, short_round_name


class SingleElimination:
    """The format; it holds nothing."""

    name = "single_elimination"
    title = "Single elimination"

    def problems(self, participants: int, *, third_place: bool) -> Mapping[str, str]:
        """A third place takes two who have lost a semi-final."""
        if third_place and participants < 4:
            return {"third_place": "A third-place match needs at least 4 participants."}
        return {}

    def draw(self, lines: Sequence[int | None], *, third_place: bool) -> Drawn:
        """The graph for a draw of a power of two lines."""
        rounds = len(lines).bit_length() - 1
        names = tuple(round_name(2 ** (rounds - number)) for number in range(rounds))
        shorts = tuple(short_round_name(name) for name in names)
        sources = [SlotPlan(participant=line) if line is not None else SlotPlan(bye=True) for line in lines]
        matches: list[MatchPlan] = []
        for number, short in enumerate(shorts, start=1):
            if number == rounds > 1 and third_place:
                losers = [SlotPlan(loser_of=source.winner_of) for source in sources]
                matches.append(_plan(len(matches) + 1, THIRD_PLACE, number, 2, losers, THIRD_PLACE_LABEL))
            winners = []
            for position in range(1, len(sources) // 2 + 1):
                pair, label = sources[2 * position - 2 : 2 * position], match_label(short, position)
                matches.append(_plan(len(matches) + 1, MAIN, number, position, pair, label))
                winners.append(SlotPlan(winner_of=len(matches)))
            sources = winners
        return Drawn(names, shorts, tuple(matches))

    def places(self, matches: Mapping[int, Match]) -> Places:
        """First and second of the final, third of the match for it."""
        ids = list(matches)
        final = matches[ids[-1]]
        found = [(1, final.winner_id), (2, final.loser_id)]
        third = matches[ids[-2]] if len(ids) > 1 else None
        if third is not None and third.plan.stage == THIRD_PLACE:
            found.append((3, third.winner_id))
        return tuple((place, who) for place, who in found if who is not None)


def _plan(
    match_id: int, stage: str, number: int, position: int, pair: Sequence[SlotPlan], label: str
) -> MatchPlan:
    return MatchPlan(
        match_id=match_id,
        stage=stage,
        round=number,
        position=position,
        slots=(pair[0], pair[1]),
        label=label,
    )
