"""The shapes of rounds that are paired one by one in the JSON API."""

from __future__ import annotations

from quart_app.domain.commands import PublishRound
from quart_app.errors import InvalidInput
from quart_app.show.shapes import Answer, Id
from quart_app.web.api.shapes.stage_schema import Asked


class NewPairing(Asked, frozen=True, kw_only=True):
    """A round: the pairs, side 1 first, the byes, and who is absent; without pairs as it is proposed."""

    pairs: list[list[int]] | None = None
    byes: list[int] | None = None
    absent: tuple[int, ...] = ()

    def command(self, stage: int, version: int | None = None) -> PublishRound:
        """The round as it is to be published. Raises InvalidInput for a pair that is not of two."""
        for index, pair in enumerate(self.pairs or ()):
            if len(pair) != 2:
                raise InvalidInput({"pairs": f"pairs[{index}] must name two participants."})
        return PublishRound(
            stage=stage,
            pairs=tuple((pair[0], pair[1]) for pair in self.pairs or ()),
            byes=tuple(self.byes or ()),
            absent=self.absent,
            edited=self.pairs is not None,
            version=version,
        )


class NewProposal(NewPairing, frozen=True, kw_only=True):
    """A round to propose, without those who are absent; or one that is paired otherwise, to see what that
    breaks."""


class NewRound(NewPairing, frozen=True, kw_only=True):
    """A round to publish."""

    version: Id | None = None


class PairState(Answer, frozen=True, kw_only=True):
    """A pair, side 1 first."""

    participant1_id: Id
    participant1_name: str
    participant2_id: Id
    participant2_name: str


class Proposed(Answer, frozen=True, kw_only=True):
    """The next round as it is proposed; post `version` with it to publish just this."""

    stage: Id
    round: Id
    pairs: list[PairState]
    byes: list[int]
    warnings: list[str]
    version: Id
