"""How the rounds and matches of an elimination are called. The words go into the log."""

from __future__ import annotations

THIRD_PLACE_LABEL = "3rd place"

_NAMES = {2: "Final", 4: "Semi-finals", 8: "Quarter-finals"}
_SHORT = {"Final": "Final", "Semi-finals": "SF", "Quarter-finals": "QF"}


def round_name(players: int) -> str:
    """What the round is called in which so many are left: "Round of 16", "Final"."""
    return _NAMES.get(players, f"Round of {players}")


def short_round_name(name: str) -> str:
    """The same in short: "R16", "QF", "SF", "Final"."""
    return _SHORT.get(name) or name.replace("Round of ", "R")


def match_label(short: str, position: int) -> str:
    """A match's short name, unique in its bracket: "R16 3", "QF 2", "Final"."""
    return short if short == _NAMES[2] else f"{short} {position}"
