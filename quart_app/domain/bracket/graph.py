"""The feeder graph: how a decided match fills the slots it feeds.

A format only builds the graph (a tuple of ``MatchPlan``); this one engine advances every format. A match
against a bye is decided by itself, and so on down the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from itertools import compress
from operator import is_not

from quart_app.domain.bracket.match import NOBODY, UNKNOWN, Match, MatchStatus, Slot
from quart_app.domain.events import MatchPlan, SlotPlan

Feeds = Mapping[int, tuple[int, ...]]
"""Which matches each match feeds, by match id."""


def feeds_of(plans: Iterable[MatchPlan]) -> Feeds:
    """The graph's edges, from each match to those that wait for its winner or loser."""
    feeds: dict[int, list[int]] = {}
    for plan in plans:
        for source in plan.slots:
            feeder = source.winner_of or source.loser_of
            if feeder is not None:
                feeds.setdefault(feeder, []).append(plan.match_id)
    return {match_id: tuple(fed) for match_id, fed in feeds.items()}


def lay_out(plans: Iterable[MatchPlan], seq: int) -> dict[int, Match]:
    """Every match of a new graph, byes decided all the way down. Feeders come before what they feed."""
    matches: dict[int, Match] = {}
    for plan in plans:
        matches[plan.match_id] = Match(
            plan, (_fill(matches, plan.slots[0]), _fill(matches, plan.slots[1])), seq
        )
    return matches


def advance(matches: Mapping[int, Match], feeds: Feeds, changed: Match) -> dict[int, Match]:
    """The matches after ``changed`` took its new state: itself, and every match whose slots that fills.

    What stays as it was is the same object, in the same order.
    """
    after = {**matches, changed.match_id: changed}
    waiting = list(feeds.get(changed.match_id, ()))
    while waiting:
        match = after[heappop(waiting)]
        slots = (_fill(after, match.plan.slots[0]), _fill(after, match.plan.slots[1]))
        if slots == match.slots:
            continue
        after[match.match_id] = moved = replace(match, slots=slots, version=changed.version)
        if moved.status is MatchStatus.BYE:
            for fed in feeds.get(match.match_id, ()):
                heappush(waiting, fed)
    return after


def differing(before: Mapping[int, object], after: Mapping[int, object]) -> list[int]:
    """The keys of ``after`` under which another object stands than before. Both have the same order."""
    if len(before) != len(after):
        return [key for key, value in after.items() if before.get(key) is not value]
    return list(compress(after, map(is_not, before.values(), after.values())))


def _fill(matches: Mapping[int, Match], source: SlotPlan) -> Slot:
    if source.bye:
        return NOBODY
    if source.participant is not None:
        return Slot(source.participant)
    feeder = source.winner_of or source.loser_of
    return matches[feeder].outcome(source) if feeder is not None else UNKNOWN
