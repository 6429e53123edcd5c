"""Words: how open slots are called, "Winner of QF 1", what separates two in a table, and how a name stands in
a sentence."""

from __future__ import annotations

import unicodedata
from fractions import Fraction

from quart_app.domain.events import RankOf, SlotPlan
from quart_app.domain.pairing import Caution
from quart_app.domain.ranking import CRITERIA, Row
from quart_app.domain.state.tournament import Tournament


def source_label(tournament: Tournament, source: SlotPlan) -> str:
    """Where an open slot's participant comes from: "Winner of QF 1", "2nd of group B", or "Bye"."""
    if source.bye:
        return "Bye"
    if source.rank_of is not None:
        return rank_label(tournament, source.rank_of)
    for feeder, side in ((source.winner_of, "Winner"), (source.loser_of, "Loser")):
        if feeder is not None:
            return f"{side} of {tournament.matches[feeder].plan.label}"
    return ""


def rank_label(tournament: Tournament, rank: RankOf) -> str:
    """A place in an earlier stage: "Winner of group A", "3rd of A, B or C", "2nd of the league"."""
    stage = tournament.stages[rank.stage - 1]
    what = "Winner" if rank.place == 1 else ordinal(rank.place)
    if rank.group and len(stage.groups) > 1:
        return f"{what} of group {rank.group}"
    if rank.group:
        return f"{what} of {stage.name}"
    if 0 < len(rank.among) < len(stage.groups) - 1:
        return f"{what} of {', '.join(rank.among[:-1])} or {rank.among[-1]}"
    return f"One of the best {ordinal(rank.place)}s"


def ordinal(number: int) -> str:
    """The number as a place: "1st", "2nd", "3rd", "11th"."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


MINUS = "\N{MINUS SIGN}"

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


def caution_words(tournament: Tournament, caution: Caution) -> str:
    """What a pairing breaks: "Ann and Ben have met before"."""
    names = [isolated(tournament.participants[who].name) for who in caution.who]
    match caution.code:
        case "rematch":
            return f"{names[0]} and {names[1]} have met before."
        case "second_bye":
            return f"{names[0]} has had a bye before, or won without playing."
        case "third_side":
            return f"{names[0]} would be on the same side a third time in a row."
    return f"{len(names)} have a bye in one round: {', '.join(names)}."


def why(tournament: Tournament, row: Row) -> str:
    """What separates a row from the one above it: "below Italy by head-to-head points: 0 against 3"."""
    if row.why is None:
        return ""
    above = isolated(tournament.participants[row.why.above].name)
    values, own, other = "", row.why.own, row.why.other
    if own is not None and other is not None and row.why.criterion != "lots":
        sign = -1 if row.why.criterion == "ranking" else 1  # of a ranking, less is better
        values = f": {number(sign * own)} against {number(sign * other)}"
    return f"below {above} by {CRITERIA[row.why.criterion].words}{values}"


def number(value: Fraction | None) -> str:
    """A value as a table shows it: whole, with a half, else to three places at most."""
    if value is None:
        return "–"
    whole, rest = divmod(value, 1)
    if rest == 0:
        return str(int(whole)).replace("-", MINUS)
    if rest == Fraction(1, 2) and value > 0:
        return f"{int(whole) or ''}½"
    return f"{float(value):.3f}".rstrip("0").rstrip(".").replace("-", MINUS)
