"""Tie-breaks from the strength of the opponents.

Chess: FIDE Handbook C.07 as of 2023, article 16, for rounds that were not played. For a participant's own
tie-break such a round is one against a dummy that ends on the participant's own score. For the opponents', a
requested bye after which nothing more was played counts as a draw, and any other round as the points it
brought. A cut takes the lowest contribution of a round that the participant chose not to play first (a
requested bye, a forfeit), and only then the lowest of all.

Card games: the share of matches won counts at least 0.33, and byes are no opponents.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from quart_app.domain.ranking.outcomes import Facts
from quart_app.domain.ranking.records import Played, Record, Records

FLOOR = Fraction(33, 100)
HALF = Fraction(1, 2)
MATCH_WIN = 3
"""What a win is worth in a share of matches won."""


def buchholz(facts: Facts, records: Records, who: int, *, cut: int = 0) -> Fraction:
    """The sum of the opponents' scores, without the ``cut`` lowest."""
    contributions = sorted(_contributions(facts, records, who), key=lambda each: (not each[1], each[0]))
    return sum((value for value, _, _ in contributions[cut:]), Fraction(0))


def sonneborn_berger(facts: Facts, records: Records, who: int) -> Fraction:
    """The sum of the opponents' scores, each times the points made against them."""
    return sum((value * made for value, _, made in _contributions(facts, records, who)), Fraction(0))


def koya(records: Records, who: int) -> Fraction:
    """The points made against those who have at least half of the points that could be had."""
    return sum(
        (
            each.points
            for each in records[who].matches
            if 2 * records[each.opponent].points >= len(records[each.opponent].matches)
        ),
        Fraction(0),
    )


def _contributions(facts: Facts, records: Records, who: int) -> Iterator[tuple[Fraction, bool, Fraction]]:
    """For each round: the score it counts with, whether it was not played by choice, the points made in
    it."""
    record = records[who]
    own = record.points
    for each in record.matches:
        if each.walkover and facts.rounds is not None:  # all against all it counts as played
            yield own, each.lost, each.points
        else:
            yield _adjusted(facts, records[each.opponent]), False, each.points
    for _, points, requested in record.byes:
        yield own, requested, points


def _adjusted(facts: Facts, record: Record) -> Fraction:
    """A score as it counts for the opponents: requested byes at its end are draws."""
    last = max((each.round for each in record.matches if not (each.walkover and each.lost)), default=0)
    last = max([last, *(number for number, _, requested in record.byes if not requested)])
    trailing = [points for number, points, requested in record.byes if requested and number > last]
    return record.points - sum(trailing, Fraction(0)) + HALF * len(trailing)


def match_win(record: Record) -> Fraction:
    """The share of points that were to be had in matches; a bye is a match won."""
    rounds = len(record.matches) + sum(points > 0 for _, points, _ in record.byes)
    if not rounds:
        return FLOOR
    return max(FLOOR, record.points / (MATCH_WIN * rounds))


def game_win(record: Record) -> Fraction:
    """The share of games won; a bye is a match of two games won."""
    byes = sum(points > 0 for _, points, _ in record.byes)
    won = sum(each.scored for each in record.matches) + 2 * byes
    played = sum(each.scored + each.conceded for each in record.matches) + 2 * byes
    return Fraction(won, played) if played else Fraction(0)


def opponents_match_win(records: Records, who: int) -> Fraction:
    """The mean of the opponents' shares of matches won."""
    return _mean([match_win(records[each.opponent]) for each in records[who].matches])


def opponents_game_win(records: Records, who: int) -> Fraction:
    """The mean of the opponents' shares of games won, each at least 0.33."""
    return _mean([max(FLOOR, game_win(records[each.opponent])) for each in records[who].matches])


def opponents_record(records: Records, who: int) -> Fraction:
    """The opponents' matches won less matches lost, summed."""
    return Fraction(sum(_won_less_lost(records[each.opponent].matches) for each in records[who].matches))


def _won_less_lost(matches: list[Played]) -> int:
    return sum(each.won - each.lost for each in matches)


def _mean(values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values) if values else Fraction(0)
