"""The criteria by which those level on points are ranked. Of every one, more is better.

Those of ``TIED`` count only the matches among the participants who are level; the others count all. Ratios
are exact; with nothing conceded a ratio is ``ENDLESS``, the best there is, and 0 where there was nothing at
all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quart_app.domain.ranking import swiss
from quart_app.domain.ranking.outcomes import Facts
from quart_app.domain.ranking.records import Played, Records

ENDLESS = Fraction(10**12)
"""A ratio with nothing on its other side."""

Value = Fraction | None
"""What a participant has by a criterion; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class Count:
    """What criteria are worked out from: the facts, and everybody's record."""

    facts: Facts
    records: Records


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion: its title over a column, its words in "below Italy by …", and what it makes of somebody
    among those who are level."""

    title: str
    words: str
    value: Callable[[Count, int, Sequence[int]], Value]


def ratio(won: int, lost: int) -> Fraction:
    """The ratio of two counts."""
    return Fraction(won, lost) if lost else ENDLESS if won else Fraction(0)


def _difference(matches: Iterable[Played]) -> Fraction:
    return Fraction(sum(each.scored - each.conceded for each in matches))


def _scored(matches: Iterable[Played]) -> Fraction:
    return Fraction(sum(each.scored for each in matches))


def _points(matches: Iterable[Played]) -> Fraction:
    return sum((each.points for each in matches), Fraction(0))


def _wins(count: Count, who: int, tied: Sequence[int]) -> Value:
    """Rounds that brought a win, with or without playing (FIDE C.07, 7.1): the bye of an odd number, too."""
    record = count.records[who]
    byes = sum(not requested for _, _, requested in record.byes)
    return Fraction(sum(each.won for each in record.matches) + byes)


def _game_ratio(matches: Sequence[Played]) -> Fraction:
    return ratio(sum(each.scored for each in matches), sum(each.conceded for each in matches))


def _point_ratio(matches: Sequence[Played]) -> Fraction:
    return ratio(sum(each.game_points[0] for each in matches), sum(each.game_points[1] for each in matches))


def _overall(measure: Callable[[list[Played]], Fraction]) -> Callable[[Count, int, Sequence[int]], Value]:
    return lambda count, who, tied: measure(count.records[who].matches)


def _among(measure: Callable[[list[Played]], Fraction]) -> Callable[[Count, int, Sequence[int]], Value]:
    return lambda count, who, tied: measure(count.records[who].against(tied))


def _direct(count: Count, who: int, tied: Sequence[int]) -> Value:
    """The points among the tied, where all of them have met (FIDE C.07, 6). Where they have not, it tells
    those apart who are first among them for certain, one after the other; the others have the most that one
    of them could have."""
    least, most = {}, {}
    for each in tied:
        played = [
            match
            for match in count.records[each].against(tied)
            if not match.walkover or count.facts.rounds is None  # of a Swiss only what was played
        ]
        least[each] = _points(played)
        most[each] = least[each] + len(tied) - 1 - len({match.opponent for match in played})
    if least == most:
        return least[who]
    rest = sorted(tied, key=lambda each: (least[each], most[each]), reverse=True)
    while len(rest) > 1 and least[rest[0]] > max(most[each] for each in rest[1:]):
        del rest[0]
    if len(rest) == len(tied):
        return None
    return max(most[each] for each in rest) if who in rest else least[who]


def _listed(values: Mapping[int, int], who: int, sign: int) -> Value:
    return Fraction(sign * values[who]) if who in values else None


CRITERIA: Mapping[str, Criterion] = {
    "points": Criterion("Points", "points", lambda count, who, tied: count.records[who].points),
    "wins": Criterion("Wins", "rounds won", _wins),
    "difference": Criterion("Difference", "difference", _overall(_difference)),
    "scored": Criterion("Scored", "goals or games scored", _overall(_scored)),
    "game_ratio": Criterion("Game ratio", "ratio of games", _overall(_game_ratio)),
    "point_ratio": Criterion("Point ratio", "ratio of points", _overall(_point_ratio)),
    "tied_points": Criterion("Points among level", "points in their matches", _among(_points)),
    "tied_difference": Criterion("Diff. among level", "difference in their matches", _among(_difference)),
    "tied_scored": Criterion("Scored among level", "goals or games in their matches", _among(_scored)),
    "tied_game_ratio": Criterion("Games among level", "ratio of games in their matches", _among(_game_ratio)),
    "tied_point_ratio": Criterion(
        "Points ratio among level", "ratio of points in their matches", _among(_point_ratio)
    ),
    "direct": Criterion("Direct encounter", "direct encounter", _direct),
    "buchholz_cut1": Criterion(
        "Buchholz cut 1",
        "Buchholz without the lowest",
        lambda count, who, tied: swiss.buchholz(count.facts, count.records, who, cut=1),
    ),
    "buchholz": Criterion(
        "Buchholz", "Buchholz", lambda count, who, tied: swiss.buchholz(count.facts, count.records, who)
    ),
    "sonneborn_berger": Criterion(
        "Sonneborn-Berger",
        "Sonneborn-Berger",
        lambda count, who, tied: swiss.sonneborn_berger(count.facts, count.records, who),
    ),
    "koya": Criterion("Koya", "Koya", lambda count, who, tied: swiss.koya(count.records, who)),
    "opponents_match_win": Criterion(
        "Opp. match win",
        "the opponents' share of matches won",
        lambda count, who, tied: swiss.opponents_match_win(count.records, who),
    ),
    "game_win": Criterion(
        "Game win", "share of games won", lambda count, who, tied: swiss.game_win(count.records[who])
    ),
    "opponents_game_win": Criterion(
        "Opp. game win",
        "the opponents' share of games won",
        lambda count, who, tied: swiss.opponents_game_win(count.records, who),
    ),
    "opponents_record": Criterion(
        "Opp. record",
        "the opponents' wins less losses",
        lambda count, who, tied: swiss.opponents_record(count.records, who),
    ),
    "conduct": Criterion(
        "Conduct", "conduct", lambda count, who, tied: Fraction(count.facts.conduct.get(who, 0))
    ),
    "ranking": Criterion(
        "Ranking", "ranking", lambda count, who, tied: _listed(count.facts.ranking, who, -1)
    ),
    "lots": Criterion("Lots", "lots", lambda count, who, tied: _listed(count.facts.lots, who, -1)),
}
"""Every criterion by its name in the log."""

TIED = frozenset(name for name in CRITERIA if name.startswith("tied_")) | {"direct"}
"""The criteria whose values depend on who is level."""
