"""Double elimination: lose twice and you are out.

With size = 2 ** k, the winners' bracket is a single elimination. The losers' bracket has 2 (k - 1) rounds,
round r with 2 ** (k - 1 - ceil(r / 2)) matches: the losers of winners' round 1 meet in its first, and those
of winners' round w > 1 enter at side 1 of its round 2 (w - 1). Into which match they fall changes from round
to round: as they are, turned around, each half turned around, the halves swapped, and again. So who has met
in the winners' bracket meets again as late as can be: in losers' round 3, 4, 5, 7, 8 at the earliest for 8,
16, 32, 64, 128 players.

The grand final has the winners' champion on side 1. With a reset it is played again if side 2 has won it, so
that nobody is out with one defeat; where it is not needed, that match is void.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import FINAL, LOSERS, RESET, SINGLE, WINNERS, MatchPlan, SlotPlan, StageSettings
from quart_app.domain.formats.elimination import BYE, Byes, Planner, final_places
from quart_app.domain.formats.port import Drawn, Opening, Places, Setting

GRAND_FINALS = (SINGLE, RESET)


class DoubleElimination:
    """The format; it holds nothing."""

    name: Final = "double_elimination"
    title: Final = "Double elimination"
    explains: Final = "Lose twice and you are out: after a first defeat you play on in the losers' bracket."
    layout: Final = "bracket"
    uses: Final[frozenset[Setting]] = frozenset({"grand_final", "best_of"})

    def problems(self, settings: StageSettings, participants: int) -> Mapping[str, str]:
        """The grand final is of a kind that there is."""
        if settings.grand_final not in GRAND_FINALS:
            return {"grand_final": f"Choose one of: {', '.join(GRAND_FINALS)}."}
        return {}

    def draw(self, opening: Opening) -> Drawn:
        """The graph for a draw of a power of two lines, round after round as they are played."""
        words = _Words(opening.settings.upper, len(opening.lines).bit_length() - 1)
        planner = Planner(opening)
        winners, losers = list(opening.lines), list[SlotPlan]()
        for number in range(1, words.rounds + 1):
            name, short = words.winners(number)
            planner.round(name, short)
            pairs = zip(winners[::2], winners[1::2], strict=True)
            winners = [
                planner.plan(pair, position, _label(short, position, len(winners) // 2), side=WINNERS)
                for position, pair in enumerate(pairs, start=1)
            ]
            fallen = [planner.loser_of(winner) for winner in winners]
            if number == 1:
                losers = fallen
                continue
            losers = _losers_round(planner, words, 2 * number - 3, losers[::2], losers[1::2])
            entering = [fallen[index] for index in entry_order(number, len(fallen))]
            losers = _losers_round(planner, words, 2 * number - 2, entering, losers)
        _grand_final(planner, winners[0], losers[0])
        return Drawn(tuple(planner.rounds), tuple(planner.short_rounds), tuple(planner.matches))

    def places(self, matches: Mapping[int, Match]) -> Places:
        """First and second of the last final that was needed; below, who falls in the same round shares a
        place.

        It is the round's, as it was drawn: nobody's place changes where fewer come to a round than could.
        Where neither side goes on, both have fallen: in the winners' bracket to the losers' round in which
        its loser would have played.
        """
        plans = [match.plan for match in matches.values()]
        falls = _Falls(plans)
        found: list[tuple[int, int | None]] = list(final_places(matches))
        for match in matches.values():
            if not match.decided or not match.played or match.plan.side == FINAL:
                continue
            if match.plan.side == LOSERS or match.winner_id is None:
                place = falls.place(match.plan)
                here = [slot.participant_id for slot in match.slots]
                found += [(place, who) for who in here if place and who != match.winner_id]
        return tuple(
            (place, who) for place, who in sorted(found, key=lambda each: each[0]) if who is not None
        )


class _Falls:
    """Which place goes with a fall, as the draw says."""

    def __init__(self, plans: Sequence[MatchPlan]) -> None:
        self._byes = Byes(plans)
        self._after = {source: plan for plan in plans for source in plan.slots}
        fallen = Counter(plan.round for plan in plans if plan.side == LOSERS and self._byes.contested(plan))
        self._places: dict[int, int] = {}
        place = 3
        for number in sorted(fallen, reverse=True):
            self._places[number], place = place, place + fallen[number]

    def place(self, plan: MatchPlan) -> int | None:
        """The place of who goes on from a match no more; None where they would have come to the final."""
        if plan.side == WINNERS:
            plan = self._after[SlotPlan(loser_of=plan.match_id)]
            while plan.side == LOSERS and not self._byes.contested(plan):
                plan = self._after[SlotPlan(winner_of=plan.match_id)]
        return self._places.get(plan.round)


def entry_order(winners_round: int, matches: int) -> Sequence[int]:
    """Which losers of a round of so many matches fall into the matches of their losers' round, by index."""
    order, half = list(range(matches)), matches // 2
    match (winners_round - 1) % 4:
        case 1:
            return order[::-1]
        case 2:
            return order[:half][::-1] + order[half:][::-1]
        case 3:
            return order[half:] + order[:half]
    return order


def _losers_round(
    planner: Planner, words: _Words, number: int, first: Sequence[SlotPlan], second: Sequence[SlotPlan]
) -> list[SlotPlan]:
    """A round of the losers' bracket; a match that nobody could ever come to is left out."""
    pairs = list(zip(first, second, strict=True))
    if all(planner.byes.never(a) and planner.byes.never(b) for a, b in pairs):
        return [BYE] * len(pairs)
    name, short = words.losers(number)
    planner.round(name, short)
    return [
        BYE
        if planner.byes.never(a) and planner.byes.never(b)
        else planner.plan((a, b), position, _label(short, position, len(pairs)), side=LOSERS)
        for position, (a, b) in enumerate(pairs, start=1)
    ]


def _grand_final(planner: Planner, winner: SlotPlan, loser: SlotPlan) -> None:
    planner.round("Grand final", "GF")
    first = planner.plan((winner, loser), 1, "GF", side=FINAL).winner_of
    if planner.opening.settings.grand_final == RESET:
        planner.round("Reset", "Reset")
        again = (SlotPlan(loser_of=first), SlotPlan(winner_of=first))
        planner.plan(again, 1, "Reset", side=FINAL, if_needed=first)


def _label(short: str, position: int, matches: int) -> str:
    return short if matches == 1 else f"{short} {position}"


class _Words:
    """How the rounds are called, of a bracket of so many winners' rounds."""

    def __init__(self, upper: bool, rounds: int) -> None:
        self.rounds = rounds
        self._winners, self._losers = ("Upper", "Lower") if upper else ("Winners'", "Losers'")

    def winners(self, number: int) -> tuple[str, str]:
        """A winners' round, also in short."""
        short = self._winners[0]
        if number == self.rounds:
            return f"{self._winners} final", f"{short}F"
        if number == self.rounds - 1:
            return f"{self._winners} semi-finals", f"{short}SF"
        return f"{self._winners} round {number}", f"{short}{number}"

    def losers(self, number: int) -> tuple[str, str]:
        """A losers' round, also in short."""
        if number == 2 * (self.rounds - 1):
            return f"{self._losers} final", f"{self._losers[0]}F"
        return f"{self._losers} round {number}", f"{self._losers[0]}{number}"
