"""Those of several groups who have come to the same place, such as the best thirds.

They have not met, so what a rule set counts among those who are level is counted over all their matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from quart_app.domain.ranking.criteria import TIED, Count
from quart_app.domain.ranking.outcomes import Facts
from quart_app.domain.ranking.records import records_of
from quart_app.domain.ranking.rulesets import NEVER, Ruleset
from quart_app.domain.ranking.standings import ordered

PREFIX: Final = "tied_"


def ranked_across(facts: Iterable[Facts], ruleset: Ruleset, those: Sequence[int]) -> list[Sequence[int]]:
    """``those``, best first, who is level together. ``facts`` are those of all the groups."""
    told = list(facts)
    together = Facts(
        entrants=tuple(who for each in told for who in each.entrants),
        outcomes=tuple(outcome for each in told for outcome in each.outcomes),
        unplayed=tuple(unplayed for each in told for unplayed in each.unplayed),
        lots={who: place for each in told for who, place in each.lots.items()},
        conduct={who: points for each in told for who, points in each.conduct.items()},
        ranking={who: place for each in told for who, place in each.ranking.items()},
    )
    criteria = dict.fromkeys(
        name.removeprefix(PREFIX) for name in ruleset.criteria if name not in TIED or name.startswith(PREFIX)
    )
    overall = replace(ruleset, criteria=tuple(criteria), restart=NEVER)
    count = Count(together, records_of(together, ruleset.points.of))
    return [level for level, _ in ordered(count, overall, those, among=those)]
