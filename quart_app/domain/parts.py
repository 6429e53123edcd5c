"""The parts of a tournament that it is shown and cached by; ``fold.changed`` tells which have changed."""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """A part by its kind and, where there are several, its number."""

    kind: str
    key: int = 0


HEADER = Part("header")
"""What the tournament is, where it stands, and who has won."""

AGENDA = Part("agenda")
"""Which matches are being played, and which could begin."""

BRACKET = Part("bracket")
"""Who takes part, and which rounds and matches there are."""


def match_part(match_id: int) -> Part:
    """One match."""
    return Part("match", match_id)


def round_part(number: int) -> Part:
    """The progress of one round."""
    return Part("round", number)


GROUPS_OF_A_STAGE = 1000
"""More groups than a stage can have: what numbers the groups of all stages."""


def group_part(stage: int, index: int) -> Part:
    """The table of one group, by its stage and its index there from 0."""
    return Part("group", stage * GROUPS_OF_A_STAGE + index)
