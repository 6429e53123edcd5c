"""A group of a stage: who plays in it, what of it is decided, and the table that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from itertools import chain

import msgspec
from msgspec.structs import replace as altered

from quart_app.domain.bracket.match import Match
from quart_app.domain.ranking import (
    Facts,
    Outcome,
    Pairing,
    Row,
    Ruleset,
    Unplayed,
    prospects,
    reach,
    standings,
)

Bounds = tuple[Fraction, Fraction]
"""The least and the most of something."""

WORKED_OUT = ("table", "prospects", "final", "reach", "rungs")
"""The properties of a group that are kept with it."""


class Group(msgspec.Struct, frozen=True, dict=True):
    """A group as it stands. Its table is only worked out where somebody asks for it, and then once.

    ``fates`` says of whom it is certain that they are "through" to the next stage, or "out".

    ``outcomes`` are its decided matches and ``open`` those to come, by match id. ``rounds_left`` are the
    rounds whose matches are not known yet; as long as there is one, nothing of the table is certain.
    ``excluded`` are those whose matches were all annulled: they stand behind everybody else. ``missed`` are
    the rounds that its voided matches leave unplayed, where ``rounds_played`` counts rounds at all.
    ``overtaken`` are the rounds that were paired before a result of an earlier one was changed. It is
    ``deserted`` where it is paired round by round, and fewer than two are left to be paired: then the rounds
    that are left are played by nobody.
    """

    name: str
    members: tuple[int, ...]
    ruleset: Ruleset
    draws: bool
    outcomes: Mapping[int, Outcome] = msgspec.field(default_factory=dict)
    open: Mapping[int, Pairing] = msgspec.field(default_factory=dict)
    unplayed: tuple[Unplayed, ...] = ()
    lots: Mapping[int, int] = msgspec.field(default_factory=dict)
    conduct: Mapping[int, int] = msgspec.field(default_factory=dict)
    seeds: Mapping[int, int] = msgspec.field(default_factory=dict)
    rounds_left: int = 0
    rounds_played: int | None = None
    fates: Mapping[int, str] = msgspec.field(default_factory=dict)
    excluded: frozenset[int] = frozenset()
    missed: Mapping[int, tuple[Unplayed, ...]] = msgspec.field(default_factory=dict)
    overtaken: frozenset[int] = frozenset()
    deserted: bool = False

    @property
    def facts(self) -> Facts:
        """What the table counts."""
        return Facts(
            entrants=tuple(who for who in self.members if who not in self.excluded),
            outcomes=tuple(self.outcomes.values()),
            unplayed=(*self.unplayed, *chain.from_iterable(self.missed.values())),
            lots=self.lots,
            conduct=self.conduct,
            ranking=self.seeds,
            rounds=self.rounds_played,
        )

    @cached_property
    def table(self) -> tuple[Row, ...]:
        """The standings, best first."""
        ranked = standings(self.facts, self.ruleset)
        return (*ranked, *(_unranked(len(ranked) + 1, who) for who in self.members if who in self.excluded))

    @cached_property
    def prospects(self) -> Mapping[int, tuple[int, int]]:
        """The best and the worst place that each member can still come to."""
        if self.to_pair:
            return dict.fromkeys(self.members, (1, len(self.members)))
        ranked = prospects(self.facts, tuple(self.open.values()), self.ruleset, draws=self.draws)
        return {**ranked, **dict.fromkeys(self.excluded, (len(ranked) + 1, len(self.members)))}

    @cached_property
    def reach(self) -> Mapping[int, Bounds]:
        """The least and the most points that each can still come to, of those who are ranked."""
        return reach(self.facts, tuple(self.open.values()), self.ruleset)

    @cached_property
    def rungs(self) -> tuple[Bounds, ...]:
        """The least and the most points with which somebody can come to each place, from the first on."""
        least, most = (sorted((each[side] for each in self.reach.values()), reverse=True) for side in (0, 1))
        return tuple(zip(least, most, strict=True))

    @cached_property
    def final(self) -> Mapping[int, int]:
        """Who has come to which place for certain: the participant by the place."""
        return {best: who for who, (best, worst) in self.prospects.items() if best == worst}

    @property
    def complete(self) -> bool:
        """Whether all its matches are decided."""
        return not self.open and not self.to_pair

    @property
    def to_pair(self) -> bool:
        """Whether a round of it is still to be paired."""
        return bool(self.rounds_left) and not self.deserted

    def fated(self, fates: Mapping[int, str]) -> Group:
        """The group with these fates; what was worked out of its table stays worked out."""
        group = altered(self, fates=fates)
        group.__dict__.update({name: self.__dict__[name] for name in WORKED_OUT if name in self.__dict__})
        return group

    def moved(self, matches: Iterable[Match]) -> Group:
        """The group once these of its matches have changed; itself where its table counts none of that."""
        outcomes, still_open, missed = dict(self.outcomes), dict(self.open), dict(self.missed)
        for match in matches:
            for facts in (outcomes, still_open, missed):
                facts.pop(match.match_id, None)
            if match.decided:
                if (outcome := outcome_of(match)) is not None:
                    outcomes[match.match_id] = outcome
                elif match.voided and self.rounds_played is not None:
                    missed[match.match_id] = _missed(match)
            elif (pairing := pairing_of(match)) is not None:
                still_open[match.match_id] = pairing
        if (outcomes, still_open, missed) == (self.outcomes, self.open, self.missed):
            return self
        overtaken = self.overtaken
        if self.rounds_played is not None:
            changed = [was.round for each, was in self.outcomes.items() if outcomes.get(each) != was]
            rounds = {each.round for each in outcomes.values()} | {each.round for each in still_open.values()}
            overtaken |= {each for each in rounds if each > min(changed, default=each)}
        return altered(self, outcomes=outcomes, open=still_open, missed=missed, overtaken=overtaken)


def _missed(match: Match) -> tuple[Unplayed, ...]:
    """A match that counts for nothing as a round that its players have not played."""
    return tuple(
        Unplayed(round=match.plan.round, participant_id=slot.participant_id, points=Fraction(0))
        for slot in match.slots
        if slot.participant_id is not None
    )


def _unranked(place: int, who: int) -> Row:
    """The line of somebody whose matches count for nothing."""
    return Row(place, who, 0, 0, 0, 0, 0, 0, Fraction(0), (), None)


def outcome_of(match: Match) -> Outcome | None:
    """A decided match as a table counts it; None for one without a result."""
    first, second = (slot.participant_id for slot in match.slots)
    if match.result is None or match.uncounted or first is None or second is None:
        return None
    return Outcome(
        match_id=match.match_id,
        round=match.plan.round,
        sides=(first, second),
        score=match.score,
        games=match.games,
        winner_id=match.result.winner_id,
        drawn=match.result.drawn,
        walkover=match.result.walkover,
    )


def pairing_of(match: Match) -> Pairing | None:
    """An open match as a table waits for it; None while its players are not known."""
    first, second = (slot.participant_id for slot in match.slots)
    if first is None or second is None:
        return None
    return Pairing(match_id=match.match_id, round=match.plan.round, sides=(first, second))
