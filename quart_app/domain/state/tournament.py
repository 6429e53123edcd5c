"""A tournament at one point of its log. ``fold`` makes the next one of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from operator import is_

import msgspec
from msgspec.structs import replace as altered

from quart_app.domain.bracket.graph import Feeds, Ranks, advance
from quart_app.domain.bracket.match import Match
from quart_app.domain.events import Entrant, RankOf, StageSettings
from quart_app.domain.formats import Places
from quart_app.domain.parts import Part
from quart_app.domain.state.agenda import NOTHING, Agenda
from quart_app.domain.state.ranks import known_ranks, told
from quart_app.domain.state.roster import EMPTY, Participant, Roster
from quart_app.domain.state.stage import Round, Stage


class TournamentStatus(StrEnum):
    """A draft has no bracket yet; pending has one and no match begun. The last two are said by an
    organiser."""

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


PROGRESS = (
    TournamentStatus.DRAFT,
    TournamentStatus.PENDING,
    TournamentStatus.ACTIVE,
    TournamentStatus.COMPLETED,
)
"""How far a tournament can be, in order."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps a tournament from being played: it is postponed or cancelled, since when (RFC 3339), why,
    and until when, where that is known."""

    status: TournamentStatus
    since: str
    because: str = ""
    until: str | None = None


class Tournament(msgspec.Struct, frozen=True):
    """The state after ``seq`` events; 0 is the empty log.

    ``ranked`` are the matches that wait for ranks of earlier stages, ``ranks`` those of them that are final.
    ``revisions`` holds, for each part of it, the seq of the event that last changed that part; ``revised`` is
    the greatest of them. ``hold`` is what was said last of whether it is played. ``archived`` is off the
    lists, ``deleted`` was a draft and is gone.
    """

    id: int
    seq: int = 0
    name: str = ""
    format: str = ""
    seeding: str = ""
    settings: tuple[StageSettings, ...] = ()
    visibility: str = "private"
    created_at: str = ""
    roster: Roster = EMPTY
    bracket_id: int | None = None
    stages: tuple[Stage, ...] = ()
    matches: Mapping[int, Match] = msgspec.field(default_factory=dict)
    feeds: Feeds = msgspec.field(default_factory=dict)
    ranked: Mapping[int, tuple[RankOf, ...]] = msgspec.field(default_factory=dict)
    ranks: Ranks = msgspec.field(default_factory=dict)
    agenda: Agenda = NOTHING
    revised: int = 0
    revisions: Mapping[Part, int] = msgspec.field(default_factory=dict)
    hold: Hold | None = None
    archived: bool = False
    deleted: bool = False

    @property
    def status(self) -> TournamentStatus:
        """Where the tournament stands: what an organiser has said of it, else its progress."""
        return self.held.status if self.held is not None else self.progress

    @property
    def held(self) -> Hold | None:
        """What keeps it from being played now: what is over is put off no more."""
        over = self.progress is TournamentStatus.COMPLETED
        postponed = self.hold is not None and self.hold.status is TournamentStatus.POSTPONED
        return None if over and postponed else self.hold

    @property
    def progress(self) -> TournamentStatus:
        """How far it is, derived from its matches."""
        if self.bracket_id is None:
            return TournamentStatus.DRAFT
        if not self.agenda.open and all(stage.complete for stage in self.stages):
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
    def places(self) -> Places:
        """Who has reached which place for certain, best first."""
        return self.stages[-1].places(self.matches) if self.stages else ()

    @property
    def champion(self) -> Participant | None:
        """Who won it, None until then."""
        return next((self.participants[who] for place, who in self.places if place == 1), None)

    def participant(self, participant_id: int | None) -> Participant | None:
        """The participant with this id; None for None."""
        return self.participants[participant_id] if participant_id is not None else None

    def round_name(self, number: int) -> str:
        """The name of the round of this number."""
        return next(each.name for stage in self.stages for each in stage.rounds if each.number == number)

    def revision(self, *parts: Part) -> int:
        """The seq of the event that last changed one of these parts, 0 for none."""
        return max((self.revisions.get(part, 0) for part in parts), default=0)

    def matches_of(self, participant_id: int) -> list[Match]:
        """Somebody's matches, so far as they are known."""
        return [
            match
            for match in self.matches.values()
            if participant_id in [slot.participant_id for slot in match.slots]
        ]

    def stage_of(self, match: Match) -> Stage:
        """The stage that a match belongs to."""
        return self.stages[match.plan.stage_number - 1]

    def with_matches(self, moved: Mapping[int, Match], seq: int) -> Tournament:
        """The tournament with these in the place of the matches of their ids, and all that follows from them:
        also the slots that wait for a rank which they make final."""
        matches = {**self.matches, **moved}
        agenda = self.agenda.moved(self.matches, moved)
        stages = tuple(stage.moved(self.matches, moved.values()) for stage in self.stages)
        if all(map(is_, stages, self.stages)):
            stages = self.stages
        elif self.ranked:
            return altered(self, matches=matches, agenda=agenda).with_stages(stages, seq)
        return altered(self, matches=matches, agenda=agenda, stages=stages)

    def with_stages(self, stages: tuple[Stage, ...], seq: int) -> Tournament:
        """The tournament with these stages, and what their tables decide of later ones."""
        if all(map(is_, stages, self.stages)):
            return self
        if not self.ranked:
            return altered(self, stages=stages)
        ranks = known_ranks(stages, chain.from_iterable(self.ranked.values()))
        moved = altered(self, stages=told(stages, ranks))
        waiting = [
            match_id
            for match_id, sources in self.ranked.items()
            if any(ranks.get(source) != self.ranks.get(source) for source in sources)
        ]
        if not waiting:
            return moved
        filled = advance(self.matches, self.feeds, ranks, (), seq, waiting)
        return altered(moved, ranks=ranks).with_matches(filled, seq)
