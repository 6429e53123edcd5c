"""The feeder graph: how a decided match fills the slots it feeds.

A format only builds the graph (a tuple of ``MatchPlan``); this one engine advances every format. A match
against a bye is decided by itself, and so on down the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from itertools import compress
from operator import is_not
from typing import TypeVar

from msgspec.structs import replace as altered

from quart_app.domain.bracket.match import NOBODY, UNKNOWN, Match, Slot
from quart_app.domain.events import MatchPlan, RankOf, SlotPlan

_Key = TypeVar("_Key")

Feeds = Mapping[int, tuple[int, ...]]
"""Which matches each match feeds, by match id."""

Ranks = Mapping[RankOf, Slot]
"""Who has come to a place in an earlier stage for certain."""


def feeds_of(plans: Iterable[MatchPlan]) -> Feeds:
    """The graph's edges, from each match to those that wait for its winner or loser."""
    feeds: dict[int, list[int]] = {}
    for plan in plans:
        for source in plan.slots:
            feeder = source.winner_of or source.loser_of
            if feeder is not None:
                feeds.setdefault(feeder, []).append(plan.match_id)
    return {match_id: tuple(dict.fromkeys(fed)) for match_id, fed in feeds.items()}


def ranked_of(plans: Iterable[MatchPlan]) -> Mapping[int, tuple[RankOf, ...]]:
    """The matches that wait for a rank of an earlier stage, each with the ranks."""
    ranked = {
        plan.match_id: tuple(source.rank_of for source in plan.slots if source.rank_of is not None)
        for plan in plans
    }
    return {match_id: ranks for match_id, ranks in ranked.items() if ranks}


def lay_out(plans: Iterable[MatchPlan], ranks: Ranks, seq: int) -> dict[int, Match]:
    """Every match of a new graph, byes decided all the way down. Feeders come before what they feed."""
    matches: dict[int, Match] = {}
    for plan in plans:
        slots, void = _filled(matches, ranks, plan)
        matches[plan.match_id] = Match(plan, slots, seq, void=void)
    return matches


def advance(
    matches: Mapping[int, Match],
    feeds: Feeds,
    ranks: Ranks,
    changed: Iterable[Match],
    version: int,
    ranked: Iterable[int] = (),
) -> dict[int, Match]:
    """What of the ``matches`` moves as the ``changed`` take their new states: those, and every match whose
    slots that fills.

    ``ranked`` are the ids of matches that wait for a rank which has become known.
    """
    after = dict(matches)
    moved = {match.match_id: match for match in changed}
    after.update(moved)
    waiting = list(ranked)
    for match_id in moved:
        waiting += feeds.get(match_id, ())
    heapify(waiting)
    while waiting:
        match = after[heappop(waiting)]
        slots, void = _filled(after, ranks, match.plan)
        if slots == match.slots and void == match.void:
            continue
        filled = altered(match, slots=slots, void=void, version=version)
        after[match.match_id] = moved[match.match_id] = filled
        if filled.decided or match.decided:
            for fed in feeds.get(match.match_id, ()):
                heappush(waiting, fed)
    return moved


def differing(before: Mapping[_Key, object], after: Mapping[_Key, object]) -> list[_Key]:
    """The keys of ``after`` under which another object stands than before. Both have the same order."""
    if len(before) != len(after):
        return [key for key, value in after.items() if before.get(key) is not value]
    return list(compress(after, map(is_not, before.values(), after.values())))


def _filled(matches: Mapping[int, Match], ranks: Ranks, plan: MatchPlan) -> tuple[tuple[Slot, Slot], bool]:
    """Who is in a match by now, and whether it turned out not to be needed."""
    if plan.if_needed is not None:
        first = matches[plan.if_needed]
        if first.decided and (first.loser_id is None or first.winner_id != first.slots[1].participant_id):
            return (UNKNOWN, UNKNOWN), True
    return (_fill(matches, ranks, plan.slots[0]), _fill(matches, ranks, plan.slots[1])), False


def _fill(matches: Mapping[int, Match], ranks: Ranks, source: SlotPlan) -> Slot:
    if source.bye:
        return NOBODY
    if source.participant is not None:
        return Slot(source.participant)
    if source.rank_of is not None:
        return ranks.get(source.rank_of, UNKNOWN)
    feeder = source.winner_of or source.loser_of
    return matches[feeder].outcome(source) if feeder is not None else UNKNOWN
