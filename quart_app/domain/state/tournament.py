"""A tournament at one point of its log. ``fold`` makes the next one of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from quart_app.domain.bracket.graph import Feeds, differing
from quart_app.domain.bracket.match import Match
from quart_app.domain.events import Entrant
from quart_app.domain.parts import Part
from quart_app.domain.state.agenda import NOTHING, Agenda
from quart_app.domain.state.roster import EMPTY, Participant, Roster
from quart_app.domain.state.stage import Round, Stage


class TournamentStatus(StrEnum):
    """A draft has no bracket yet; pending has one and no match begun."""

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Tournament:
    """The state after ``seq`` events; 0 is the empty log.

    ``revisions`` holds, for each part of it, the seq of the event that last changed that part; ``revised`` is
    the greatest of them.
    """

    id: int
    seq: int = 0
    name: str = ""
    format: str = ""
    seeding: str = ""
    third_place: bool = False
    visibility: str = "private"
    created_at: str = ""
    roster: Roster = EMPTY
    bracket_id: int | None = None
    stages: tuple[Stage, ...] = ()
    matches: Mapping[int, Match] = field(default_factory=dict)
    feeds: Feeds = field(default_factory=dict)
    agenda: Agenda = NOTHING
    revised: int = 0
    revisions: Mapping[Part, int] = field(default_factory=dict)

    @property
    def status(self) -> TournamentStatus:
        """Where the tournament stands, derived from its matches."""
        if self.bracket_id is None:
            return TournamentStatus.DRAFT
        if not self.agenda.open:
            return TournamentStatus.COMPLETED
        return TournamentStatus.ACTIVE if self.agenda.begun else TournamentStatus.PENDING

    @property
    def entrants(self) -> tuple[Entrant, ...]:
        """The lines of the list as it was registered."""
        return self.roster.entrants

    @property
    def participants(self) -> Mapping[int, Participant]:
        """Who takes part, by id."""
        return self.roster.participants

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds of all stages, in order."""
        return tuple(each for stage in self.stages for each in stage.rounds)

    @property
    def places(self) -> Mapping[int, Participant]:
        """Who has reached which place for certain."""
        return {place: self.participants[who] for stage in self.stages[-1:] for place, who in stage.places}

    @property
    def champion(self) -> Participant | None:
        """Who won it, None until then."""
        return self.places.get(1)

    def participant(self, participant_id: int | None) -> Participant | None:
        """The participant with this id; None for None."""
        return self.participants[participant_id] if participant_id is not None else None

    def revision(self, *parts: Part) -> int:
        """The seq of the event that last changed one of these parts, 0 for none."""
        return max((self.revisions.get(part, 0) for part in parts), default=0)

    def with_matches(self, matches: Mapping[int, Match]) -> Tournament:
        """The tournament with these matches, and all that follows from them."""
        touched = differing(self.matches, matches)
        agenda = self.agenda.moved(self.matches, matches, touched)
        stages = tuple(stage.moved(self.matches, matches, touched) for stage in self.stages)
        if all(now is before for now, before in zip(stages, self.stages, strict=True)):
            stages = self.stages
        return replace(self, matches=matches, stages=stages, agenda=agenda)
