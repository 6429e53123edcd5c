"""A question for a pairing and its answer, as they cross from one process to another."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from quart_app.domain.pairing.history import Contender, Worth
from quart_app.errors import PairingUnavailable, RoundConflict

RULES = "fide_dutch"
RULES_VERSION = 1
RULES_TITLE = "FIDE Dutch system, as before February 2026"
"""By what is paired: FIDE Handbook C.04.3 as effective until 31 January 2026."""

INSTALLED = find_spec("py4swiss") is not None
"""Whether the library that pairs is there; it is not loaded for that."""
MISSING = "A Swiss cannot be paired here: the library py4swiss could not be installed."


class Proposal(NamedTuple):
    """A round as it is proposed: the pairs by board, side 1 first, and who has the bye of an odd number."""

    pairs: tuple[tuple[int, int], ...]
    byes: tuple[int, ...]


class PairingQuestion(NamedTuple):
    """Who is to be paired, for which of how many rounds, and what results are worth."""

    contenders: tuple[Contender, ...]
    rounds: int
    worth: Worth


class PairingAnswer(NamedTuple):
    """A proposal, or why there is none."""

    proposal: Proposal | None = None
    conflict: str = ""
    unavailable: str = ""

    def given(self) -> Proposal:
        """The proposal. Raises RoundConflict or PairingUnavailable where there is none."""
        if self.unavailable:
            raise PairingUnavailable(self.unavailable)
        if self.proposal is None:
            raise RoundConflict(self.conflict)
        return self.proposal
