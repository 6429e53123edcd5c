"""What is certain of a table although matches are open: the best and the worst place that everybody can
reach.

Up to six open matches are all tried, each won, drawn and lost. By how much is not known, so a criterion that
counts an open match has a value between two bounds; where bounds overlap, the order counts as open. With more
open matches it is told by points alone, and so later than it could be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import product

from quart_app.domain.ranking.criteria import CRITERIA, ENDLESS, TIED, Count
from quart_app.domain.ranking.outcomes import Facts, Outcome, Pairing
from quart_app.domain.ranking.records import records_of
from quart_app.domain.ranking.rulesets import Ruleset, following
from quart_app.domain.ranking.standings import standings

TRIED_MAX = 6
"""So many open matches are tried in every way; 3 ** 6 ways."""

Places = dict[int, tuple[int, int]]
"""The best and the worst place by participant."""

Bounds = tuple[Fraction, Fraction]

LEAST, MOST = -ENDLESS * ENDLESS, ENDLESS * ENDLESS
UNKNOWN: Bounds = (LEAST, MOST)
NOTHING_SAID: Bounds = (Fraction(0), Fraction(0))


def prospects(
    facts: Facts, open: Sequence[Pairing], ruleset: Ruleset, *, draws: bool
) -> Mapping[int, tuple[int, int]]:
    """The best and the worst place that each can still come to, once the ``open`` matches are played.

    Those who share a place at the end are undecided between them: lots may still be drawn.
    """
    if not open:
        rows = standings(facts, ruleset)
        places = [row.place for row in rows]
        return {row.participant_id: (row.place, row.place + places.count(row.place) - 1) for row in rows}
    if len(open) > TRIED_MAX:
        return _by_points(facts, open, ruleset)
    return _tried(facts, open, ruleset, draws)


def reach(facts: Facts, open: Sequence[Pairing], ruleset: Ruleset) -> Mapping[int, Bounds]:
    """The least and the most points that each can still come to."""
    least = {who: record.points for who, record in records_of(facts, ruleset.points.of).items()}
    most = dict(least)
    best, worst = _range(ruleset)
    for pairing in open:
        for who in pairing.sides:
            if who in most:
                most[who] += best
                least[who] += worst
    return {who: (least[who], most[who]) for who in facts.entrants}


def _by_points(facts: Facts, open: Sequence[Pairing], ruleset: Ruleset) -> Places:
    points = reach(facts, open, ruleset)
    return {
        who: (
            1 + sum(other[0] > most for other in points.values()),
            sum(other[1] >= least for other in points.values()),
        )
        for who, (least, most) in points.items()
    }


def _range(ruleset: Ruleset) -> Bounds:
    """The most and the least that a match can bring."""
    points = ruleset.points
    all_of = [points.win, points.draw, points.loss, points.walkover_loss, *(points.close or ())]
    return max(all_of), min(all_of)


def _points(facts: Facts, ruleset: Ruleset) -> Mapping[int, Fraction]:
    return {who: record.points for who, record in records_of(facts, ruleset.points.of).items()}


def _tried(facts: Facts, open: Sequence[Pairing], ruleset: Ruleset, draws: bool) -> Places:
    everybody = (1, len(facts.entrants))
    found: Places = {}
    undecided = set(facts.entrants)
    points = _points(facts, ruleset)
    for ends in _ways(len(open), 3 if draws else 2):
        scenario = _Scenario(facts, list(zip(open, ends, strict=True)), ruleset, points)
        for who, (best, worst) in scenario.ranked(facts.entrants, 1, 0, facts.entrants, found):
            now = found.get(who, (best, worst))
            found[who] = min(now[0], best), max(now[1], worst)
            if found[who] == everybody:
                undecided.discard(who)
        if not undecided:
            break
    return found


def _ways(matches: int, ends: int) -> Iterator[tuple[int, ...]]:
    """All ways that the matches can end: won by side 0, by side 1, or 2 for drawn. Contrary ones come first,
    so that what is open is soon seen to be."""
    ways = list(product(range(ends), repeat=matches))
    stride = next(each for each in (7, 11, 13) if len(ways) % each)
    yield from (ways[index * stride % len(ways)] for index in range(len(ways)))


class _Scenario:
    """One way in which the open matches can end. ``points`` are those without them."""

    def __init__(
        self,
        facts: Facts,
        ends: Sequence[tuple[Pairing, int]],
        ruleset: Ruleset,
        points: Mapping[int, Fraction],
    ) -> None:
        self._facts = facts
        self._ruleset = ruleset
        self._ends = ends
        self._points = dict(points)
        for pairing, end in ends:
            for side in (0, 1):
                worth = (
                    ruleset.points.draw
                    if end == 2
                    else ruleset.points.win
                    if end == side
                    else ruleset.points.loss
                )
                self._points[pairing.sides[side]] += worth

    @cached_property
    def _count(self) -> Count:
        """The facts with the open matches ended this way, without a score."""
        ended = tuple(
            Outcome(
                pairing.match_id,
                pairing.round,
                pairing.sides,
                winner_id=None if end == 2 else pairing.sides[end],
                drawn=end == 2,
            )
            for pairing, end in self._ends
        )
        facts = replace(self._facts, outcomes=(*self._facts.outcomes, *ended))
        return Count(facts, records_of(facts, self._ruleset.points.of))

    def ranked(
        self, tied: Sequence[int], first: int, index: int, among: Sequence[int], found: Places
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        """The places that this way leaves to the ``tied``, of whom the best has place ``first``; nothing
        where that says no more than what is ``found`` already."""
        names = ("points", *self._ruleset.criteria)
        last = first + len(tied) - 1
        while len(tied) > 1 and index < len(names):
            if all(who in found and found[who][0] <= first and found[who][1] >= last for who in tied):
                return
            bounds = self._all_bounds(names[index], tied, among)
            certain = all(low == high for low, high in bounds.values())
            values = set(bounds.values())
            if certain and len(values) > 1:
                place = first
                for value in sorted(values, reverse=True):
                    part = [who for who in tied if bounds[who] == value]
                    onward = following(self._ruleset, index, part, among, split=True)
                    yield from self.ranked(part, place, *onward, found)
                    place += len(part)
                return
            if not certain:
                for who in tied:
                    low, high = bounds[who]
                    above = sum(other[0] > high for other in bounds.values())
                    below = sum(other[1] < low for other in bounds.values())
                    yield who, (first + above, last - below)
                return
            index, among = following(self._ruleset, index, tied, among, split=False)
        for who in tied:
            yield who, (first, last)

    def _all_bounds(self, name: str, tied: Sequence[int], among: Sequence[int]) -> dict[int, Bounds]:
        """Between which values each has by a criterion; the same for all where it says nothing of one,
        as a table passes over it then."""
        bounds = {who: self._bounds(name, who, among) for who in tied}
        found = {who: each for who, each in bounds.items() if each is not None}
        return found if len(found) == len(bounds) else dict.fromkeys(tied, NOTHING_SAID)

    def _bounds(self, name: str, who: int, among: Sequence[int]) -> Bounds | None:
        """Between which values somebody has by a criterion, None where it says nothing of them."""
        if name == "points" and self._ruleset.points.close is None:
            return self._points[who], self._points[who]
        if name in ("conduct", "lots"):
            return UNKNOWN
        value = CRITERIA[name].value(self._count, who, among)
        if value is None:
            return None
        if name in ("wins", "ranking"):
            return value, value
        mine = [
            (pairing, end)
            for pairing, end in self._ends
            if who in pairing.sides and (name not in TIED or set(among).issuperset(pairing.sides))
        ]
        if name in ("points", "tied_points", "direct"):
            return self._close(who, mine, value)
        if name in ("difference", "scored", "tied_difference", "tied_scored"):
            return _margins(name, who, mine, value)
        # a ratio of one's own matches, or the strength of opponents, whose matches may be open, too
        open_yet = mine if name.endswith("_ratio") else self._ends
        return UNKNOWN if open_yet else (value, value)

    def _close(self, who: int, mine: Sequence[tuple[Pairing, int]], value: Fraction) -> Bounds:
        """A win by one game can be worth less than another: then points have bounds, too."""
        points, low, high = self._ruleset.points, value, value
        for pairing, end in mine if points.close is not None else ():
            assert points.close is not None  # noqa: S101 - so says the line above
            if end != 2 and pairing.sides[end] == who:
                low += points.close[0] - points.win
            elif end != 2:
                high += points.close[1] - points.loss
        return low, high


def _margins(name: str, who: int, mine: Sequence[tuple[Pairing, int]], value: Fraction) -> Bounds:
    """A win is by one at least, a draw by none, and how much is scored is open."""
    low = high = value
    for pairing, end in mine:
        won = end != 2 and pairing.sides[end] == who
        if name.endswith("scored"):
            low, high = low + won, MOST
        elif won:
            low, high = low + 1, MOST
        elif end != 2:
            low, high = LEAST, high if high == MOST else high - 1
    return low, high
