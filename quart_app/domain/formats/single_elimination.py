"""Single elimination: lose once and you are out; optionally the semi-final losers play for third place.

With size = a power of two, the winner of match m of a round goes to match ceil(m/2) of the next, from an
odd m to side 1. The third-place match takes the semi-final losers by the same parity and comes before the
final.
"""

from __future__ import annotations

from collections.abc import Sequence

from quart_app.domain.events import MatchPlan, SlotPlan

MAIN = "main"
THIRD_PLACE = "third_place"


def build(lines: Sequence[int | None], third_place: bool) -> tuple[tuple[str, ...], tuple[MatchPlan, ...]]:
    """The rounds' names and the matches in play order, for a draw of a power of two lines (None is a bye)."""
    rounds = len(lines).bit_length() - 1
    sources = [SlotPlan(participant=line) if line is not None else SlotPlan(bye=True) for line in lines]
    matches: list[MatchPlan] = []
    for round_number in range(1, rounds + 1):
        is_final = round_number == rounds
        if is_final and third_place and rounds > 1:
            losers = [SlotPlan(loser_of=source.winner_of) for source in sources]
            matches.append(_plan(len(matches) + 1, THIRD_PLACE, round_number, 2, losers))
        winners = []
        for position in range(1, len(sources) // 2 + 1):
            pair = sources[2 * position - 2 : 2 * position]
            matches.append(_plan(len(matches) + 1, MAIN, round_number, position, pair))
            winners.append(SlotPlan(winner_of=len(matches)))
        sources = winners
    return tuple(_round_name(2 ** (rounds - number)) for number in range(rounds)), tuple(matches)


def _plan(match_id: int, stage: str, round_number: int, position: int, pair: Sequence[SlotPlan]) -> MatchPlan:
    return MatchPlan(
        match_id=match_id, stage=stage, round=round_number, position=position, slots=(pair[0], pair[1])
    )


def _round_name(players: int) -> str:
    return {2: "Final", 4: "Semi-finals", 8: "Quarter-finals"}.get(players, f"Round of {players}")
