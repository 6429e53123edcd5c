"""How matches and open slots are called: "QF 2", "Winner of QF 1"."""

from __future__ import annotations

import unicodedata

from quart_app.domain.bracket import Match
from quart_app.domain.events import SlotPlan
from quart_app.domain.formats.single_elimination import THIRD_PLACE
from quart_app.domain.tournament import Tournament

_SHORT = {"Final": "Final", "Semi-finals": "SF", "Quarter-finals": "QF"}


def match_label(tournament: Tournament, match: Match) -> str:
    """A match's short name, unique in its bracket: "R16 3", "QF 2", "Final", "3rd place"."""
    if match.plan.stage == THIRD_PLACE:
        return "3rd place"
    name = tournament.round_names[match.plan.round - 1]
    short = _SHORT.get(name) or name.replace("Round of ", "R")
    return short if short == "Final" else f"{short} {match.plan.position}"


def source_label(tournament: Tournament, source: SlotPlan) -> str:
    """Where an open slot's participant comes from: "Winner of QF 1", or "Bye"."""
    if source.bye:
        return "Bye"
    for feeder, side in ((source.winner_of, "Winner"), (source.loser_of, "Loser")):
        if feeder is not None:
            return f"{side} of {match_label(tournament, tournament.matches[feeder])}"
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
