"""How open slots are called, "Winner of QF 1", and how a name stands in a sentence."""

from __future__ import annotations

import unicodedata

from quart_app.domain.events import SlotPlan
from quart_app.domain.state.tournament import Tournament


def source_label(tournament: Tournament, source: SlotPlan) -> str:
    """Where an open slot's participant comes from: "Winner of QF 1", or "Bye"."""
    if source.bye:
        return "Bye"
    for feeder, side in ((source.winner_of, "Winner"), (source.loser_of, "Loser")):
        if feeder is not None:
            return f"{side} of {tournament.matches[feeder].plan.label}"
    return ""


ISOLATE = "\u2068"  # FIRST STRONG ISOLATE

END = "\u2069"  # POP DIRECTIONAL ISOLATE


def isolated(name: str) -> str:
    """The name as it may stand in a sentence beside a score (Unicode, UAX #9, section 2.4).

    A name of right-to-left letters draws the numbers next to it to its other side: a 4–1 would read as 1–4.
    So it is isolated; any other name stays the plain text that it is.
    """
    if name.isascii() or not any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name):
        return name
    return f"{ISOLATE}{name}{END}"
