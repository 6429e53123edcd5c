"""A question for a pairing and its answer, as they cross from one process to another."""

from __future__ import annotations

from typing import NamedTuple

from quart_app.domain.pairing.dutch import Proposal, propose
from quart_app.domain.pairing.history import Contender, Worth
from quart_app.errors import PairingUnavailable, RoundConflict


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


def answer(question: PairingQuestion) -> PairingAnswer:
    """Pair, here and now."""
    try:
        return PairingAnswer(propose(*question))
    except RoundConflict as conflict:
        return PairingAnswer(conflict=conflict.detail)
    except PairingUnavailable as unavailable:
        return PairingAnswer(unavailable=unavailable.detail)
