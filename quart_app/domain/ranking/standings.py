"""The standings: everybody in order, and why each stands below the one above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from quart_app.domain.ranking.criteria import CRITERIA, TIED, Count, Value
from quart_app.domain.ranking.outcomes import Facts
from quart_app.domain.ranking.records import records_of
from quart_app.domain.ranking.rulesets import Ruleset, following


class Why(NamedTuple):
    """What separates somebody from the one ``above``: a criterion, with their ``own`` value and the
    ``other``."""

    criterion: str
    own: Value
    other: Value
    above: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table. ``tiebreaks`` are the values of the criteria that count all matches, in their order.

    Those whom nothing separates share a place; then, as for the first, there is no ``why``.
    """

    place: int
    participant_id: int
    played: int
    won: int
    drawn: int
    lost: int
    scored: int
    conceded: int
    points: Fraction
    tiebreaks: tuple[tuple[str, Value], ...]
    why: Why | None


def standings(facts: Facts, ruleset: Ruleset) -> tuple[Row, ...]:
    """The table, best first. It does not depend on the order of the outcomes."""
    count = Count(facts, records_of(facts, ruleset.points.of))
    overall = [
        name for name in ruleset.criteria if name not in TIED and name not in ("conduct", "lots", "ranking")
    ]
    rows: list[Row] = []
    for tied, why in ordered(count, ruleset, facts.entrants, among=facts.entrants):
        place = len(rows) + 1
        for index, who in enumerate(tied):
            record = count.records[who]
            won = sum(each.won for each in record.matches)
            lost = sum(each.lost for each in record.matches)
            rows.append(
                Row(
                    place=place,
                    participant_id=who,
                    played=len(record.matches),
                    won=won,
                    drawn=len(record.matches) - won - lost,
                    lost=lost,
                    scored=sum(each.scored for each in record.matches),
                    conceded=sum(each.conceded for each in record.matches),
                    points=record.points,
                    tiebreaks=tuple((name, CRITERIA[name].value(count, who, tied)) for name in overall),
                    why=why._replace(above=rows[-1].participant_id)
                    if why is not None and not index
                    else None,
                )
            )
    return tuple(rows)


def ordered(
    count: Count,
    ruleset: Ruleset,
    tied: Sequence[int],
    index: int = 0,
    among: Sequence[int] = (),
    why: Why | None = None,
) -> Iterator[tuple[Sequence[int], Why | None]]:
    """Those who share a place, best first, each with what separates them from those above."""
    names = ("points", *ruleset.criteria)
    while len(tied) > 1 and index < len(names):
        measure = CRITERIA[names[index]].value
        values = {who: measure(count, who, among) for who in tied}
        if None in values.values() or len(set(values.values())) == 1:
            index, among = following(ruleset, index, tied, among, split=False)
            continue
        before: Value = None
        for value in sorted({each for each in values.values() if each is not None}, reverse=True):
            part = [who for who in tied if values[who] == value]
            reason = why if before is None else Why(names[index], value, before, 0)
            yield from ordered(
                count, ruleset, part, *following(ruleset, index, part, among, split=True), why=reason
            )
            before = value
        return
    yield tied, why
