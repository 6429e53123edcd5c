"""What an organiser's own pairing breaks. It is told, and still may be published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from quart_app.domain.pairing.history import Contender

PLAYED = frozenset({"won", "drawn", "lost"})
"""The results of a round in which somebody played."""


class Caution(NamedTuple):
    """A rule that a pairing breaks, and whom it is about."""

    code: Literal["rematch", "second_bye", "third_side", "byes"]
    who: tuple[int, ...]


def cautions(
    contenders: Sequence[Contender], pairs: Sequence[tuple[int, int]], byes: Sequence[int]
) -> Iterator[Caution]:
    """All that these pairs and byes break: somebody met again, a second bye, a third time in a row on the
    same side, more than one bye. A match that was not played is no meeting, and nobody had a side in it."""
    by_id = {each.participant_id: each for each in contenders}
    for first, second in pairs:
        met = {each.opponent_id for each in by_id[first].rounds if each.result in PLAYED}
        if second in met:
            yield Caution("rematch", (first, second))
        for who, on_first in ((first, True), (second, False)):
            sides = [each.first for each in by_id[who].rounds if each.result in PLAYED]
            if sides[-2:] == [on_first, on_first]:
                yield Caution("third_side", (who,))
    for who in byes:
        if any(each.result in ("bye", "forfeit_won") for each in by_id[who].rounds):
            yield Caution("second_bye", (who,))
    if len(byes) > 1:
        yield Caution("byes", tuple(byes))
