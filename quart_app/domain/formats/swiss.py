"""Swiss system: a fixed number of rounds, in each of which those meet who stand level, and nobody meets
twice.

Its matches are not known at the draw: each round is paired from the results of those before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from quart_app.domain.bracket.match import Match
from quart_app.domain.events import GroupPlan, StageSettings
from quart_app.domain.formats.port import Drawn, Opening, Places, Setting
from quart_app.domain.pairing.ask import INSTALLED, MISSING

ROUNDS_MAX = 30
GROUP = "A"
"""The one group that a Swiss has."""


class Swiss:
    """The format; it holds nothing."""

    name: Final = "swiss"
    title: Final = "Swiss"
    explains: Final = "A few rounds; in each, those meet who stand level, and nobody meets twice."
    layout: Final = "rounds"
    uses: Final[frozenset[Setting]] = frozenset({"rounds", "best_of", "draws", "ruleset", "advance"})

    def problems(self, settings: StageSettings, participants: int) -> Mapping[str, str]:
        """There are rounds, and few enough that nobody has to meet somebody again; and they can be paired
        here."""
        if not INSTALLED:
            return {"format": MISSING}
        most = min(ROUNDS_MAX, participants - 1 + participants % 2)
        if not 1 <= settings.rounds <= most:
            return {"rounds": f"A Swiss of {participants} has 1 to {most} rounds."}
        return {}

    def draw(self, opening: Opening) -> Drawn:
        """No match yet, but its rounds and its one group."""
        rounds = range(1, opening.settings.rounds + 1)
        return Drawn(
            tuple(f"Round {number}" for number in rounds),
            tuple(f"R{number}" for number in rounds),
            (),
            (GroupPlan(name=GROUP, participants=opening.ranked),),
        )

    def places(self, matches: Mapping[int, Match]) -> Places:
        """None: the table says them."""
        return ()
