"""Shapes of what is asked about a tournament as a whole, and about its draw."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from quart_app.domain import commands
from quart_app.errors import InvalidInput
from quart_app.show.shapes import Answer, Id, PositionId
from quart_app.show.snapshot import MatchState, ParticipantState, TournamentState
from quart_app.web.api.shapes.correction_schema import Reason
from quart_app.web.api.shapes.entrant_schema import Entrants, entrant_lines
from quart_app.web.api.shapes.stage_schema import Asked


class NewPostponement(Asked, frozen=True, kw_only=True):
    """Why it is put off, and until when, if somebody knows."""

    reason: Reason = ""
    until: (
        Annotated[datetime, Meta(tz=True, description="When it is to go on: RFC 3339 with a zone.")] | None
    ) = None

    def command(self) -> commands.PostponeTournament:
        """The wish."""
        until = self.until.isoformat() if self.until is not None else None  # the domain says if it is none
        return commands.PostponeTournament(reason=self.reason, until=until)


class NewCancellation(Asked, frozen=True, kw_only=True):
    """Why it is called off."""

    reason: Reason = ""


class NewResumption(Asked, frozen=True, kw_only=True):
    """It is played on. There is nothing to say about it."""


class NewArchiving(Asked, frozen=True, kw_only=True):
    """Whether it is to be off the lists, or on them again."""

    archived: bool = True


class StandingAnswer(Answer, frozen=True, kw_only=True):
    """The tournament after the request, and the point of the log that shows it so."""

    tournament: TournamentState
    position: PositionId


class NewDraw(Asked, frozen=True, kw_only=True):
    """A change of the draw: two to `swap`, or with `to_bye` one to swap with the bye in a match; or with
    `redraw` a new draw, by chance for those without a seed, from another list where `participants` has
    one."""

    swap: Annotated[tuple[Id, Id], Meta(description="The ids of two participants.")] | None = None
    to_bye: (
        Annotated[tuple[Id, Id], Meta(description="The id of a participant, and that of the match.")] | None
    ) = None
    redraw: bool = False
    shuffle: Annotated[bool, Meta(description="Whether the new draw is by chance.")] = True
    participants: Entrants | None = None
    version: Annotated[
        int | None,
        Meta(description="The seq that the draw was seen at: another one is refused."),
    ] = None

    def command(self, lots: tuple[int, ...]) -> commands.SwapInDraw | commands.DrawAgain:
        """The wish. Raises InvalidInput unless it is exactly one."""
        wishes = (self.swap is not None, self.to_bye is not None, self.redraw)
        if sum(wishes) != 1 or (self.participants is not None and not self.redraw):
            raise InvalidInput({"redraw": "Ask for one of swap, to_bye and redraw."})
        if self.swap is not None:
            return commands.SwapInDraw(
                participant_id=self.swap[0], other_id=self.swap[1], version=self.version
            )
        if self.to_bye is not None:
            return commands.SwapInDraw(
                participant_id=self.to_bye[0], bye_match_id=self.to_bye[1], version=self.version
            )
        entrants = entrant_lines(self.participants) if self.participants is not None else None
        return commands.DrawAgain(entrants=entrants, lots=lots if self.shuffle else (), version=self.version)


class DrawAnswer(Answer, frozen=True, kw_only=True):
    """The draw after the request: who takes part, and all matches."""

    participants: list[ParticipantState]
    matches: list[MatchState]
    position: PositionId
