"""What eliminations share: how their matches are planned, and who won the last of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import MAIN, THIRD_PLACE, MatchPlan, SlotPlan
from quart_app.domain.formats.port import Opening, Places

BYE = SlotPlan(bye=True)


class Byes:
    """To which matches of a graph nobody will ever come, or only one, as its draw says. Feeders are added
    before what they feed."""

    def __init__(self, plans: Iterable[MatchPlan] = ()) -> None:
        self._empty: dict[int, tuple[bool, bool]] = {}  # both sides, one of them
        for plan in plans:
            self.add(plan)

    def add(self, plan: MatchPlan) -> None:
        """Take in one more match."""
        empty = [self.never(source) for source in plan.slots]
        self._empty[plan.match_id] = (all(empty), any(empty))

    def never(self, source: SlotPlan) -> bool:
        """Whether nobody will ever come from there."""
        if source.winner_of is not None:
            return self._empty[source.winner_of][0]
        return source.bye if source.loser_of is None else self._empty[source.loser_of][1]

    def contested(self, plan: MatchPlan) -> bool:
        """Whether two can come to a match, so that it has a loser."""
        return not self._empty[plan.match_id][1]


class Planner:
    """The matches of one stage as they are planned, numbered in play order."""

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.rounds: list[str] = []
        self.short_rounds: list[str] = []
        self.matches: list[MatchPlan] = []
        self.byes = Byes()

    def round(self, name: str, short: str) -> None:
        """Begin a round."""
        self.rounds.append(name)
        self.short_rounds.append(short)

    def plan(
        self,
        pair: Sequence[SlotPlan],
        position: int,
        label: str,
        *,
        kind: str = MAIN,
        side: str = "",
        if_needed: int | None = None,
    ) -> SlotPlan:
        """Plan a match of the present round, and give the slot that its winner goes to."""
        match_id = self.opening.first_match + len(self.matches)
        settings = self.opening.settings
        self.matches.append(
            MatchPlan(
                match_id=match_id,
                stage=kind,
                round=self.opening.first_round + len(self.rounds) - 1,
                position=position,
                slots=(pair[0], pair[1]),
                best_of=self.opening.best_of(self.rounds[-1]),
                label=label,
                stage_number=self.opening.stage,
                side=side,
                if_needed=if_needed,
                all_played=settings.all_played,
            )
        )
        self.byes.add(self.matches[-1])
        return SlotPlan(winner_of=match_id)

    def loser_of(self, winner: SlotPlan) -> SlotPlan:
        """Where the loser of the match goes whose winner goes to ``winner``; a bye where there will be
        none."""
        loser = SlotPlan(loser_of=winner.winner_of)
        return BYE if self.byes.never(loser) else loser


def final_places(matches: Mapping[int, Match]) -> Places:
    """First and second of the final, once it is sure to be the last one; third of the match for it."""
    main = [match for match in matches.values() if match.plan.stage == MAIN]
    last = main[-1]
    if last.void and last.plan.if_needed is not None:
        last = matches[last.plan.if_needed]
    found = [(1, last.winner_id), (2, last.loser_id)]
    found += [(3, match.winner_id) for match in matches.values() if match.plan.stage == THIRD_PLACE]
    return tuple((place, who) for place, who in found if who is not None)
