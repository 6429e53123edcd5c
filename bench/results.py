"""The figures of every round, kept in ``bench/results.json``, and their medians and ratios."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from bench.machine import RESULTS

Figures = dict[str, float]


@dataclass
class Measured:
    """A measure's figures, variant by variant and round by round, and what they were measured on.

    A round that failed has no figures, but keeps its place.
    """

    about: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, list[Figures]] = field(default_factory=dict)

    def median(self, variant: str, figure: str) -> float | None:
        """The median over the rounds; None where it was not measured."""
        values = [figures[figure] for figures in self.rounds.get(variant, ()) if figure in figures]
        return median(values) if values else None

    def ratio(self, variant: str, base: str, figure: str) -> float | None:
        """The median, over the rounds, of how many times the base's figure it was in the same round.

        A round that failed on either side is left out; None where none is left.
        """
        pairs = zip(self.rounds.get(variant, ()), self.rounds.get(base, ()), strict=False)
        ratios = [
            mine[figure] / other[figure] for mine, other in pairs if figure in mine and other.get(figure)
        ]
        return median(ratios) if ratios else None

    def lowest(self, variants: Iterable[str], figure: str) -> str | None:
        """The variant with the lowest median."""
        found = {name: value for name in variants if (value := self.median(name, figure)) is not None}
        return min(found, key=found.__getitem__, default=None)


Results = dict[str, Measured]
"""By the name of the measure."""


def load() -> Results:
    """What was measured so far, nothing at first."""
    if not RESULTS.exists():
        return {}
    return {name: Measured(**kept) for name, kept in json.loads(RESULTS.read_text()).items()}


def save(results: Results) -> None:
    """Keep these, and what was measured before of other measures."""
    kept = load() | results
    plain = {name: {"about": found.about, "rounds": found.rounds} for name, found in kept.items()}
    RESULTS.write_text(json.dumps(plain, indent=1) + "\n")
