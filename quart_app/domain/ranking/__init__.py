"""Tables: from decided matches to who stands where, why, and what of it is certain. All of it is exact."""

from quart_app.domain.ranking.across import ranked_across
from quart_app.domain.ranking.certainty import prospects, reach
from quart_app.domain.ranking.criteria import CRITERIA, ENDLESS
from quart_app.domain.ranking.outcomes import Facts, Outcome, Pairing, Unplayed
from quart_app.domain.ranking.rulesets import RULESETS, Points, Ruleset, by_hand, ruleset_of
from quart_app.domain.ranking.standings import Row, Why, standings

__all__ = [
    "CRITERIA",
    "ENDLESS",
    "RULESETS",
    "Facts",
    "Outcome",
    "Pairing",
    "Points",
    "Row",
    "Ruleset",
    "Unplayed",
    "Why",
    "by_hand",
    "prospects",
    "ranked_across",
    "reach",
    "ruleset_of",
    "standings",
]
