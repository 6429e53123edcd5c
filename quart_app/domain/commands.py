"""The wishes: what somebody asks of a tournament. Plain data, not yet allowed and perhaps impossible.

``web/forms`` and the API read requests into these; ``decisions.decide`` answers with events or a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quart_app.domain.events import Games, StageSettings

SEEDINGS = ("standard", "given")
PUBLIC = "public"
PRIVATE = "private"
VISIBILITIES = (PUBLIC, PRIVATE)
REFUSE = "refuse"
CASCADE = "cascade"
POLICIES = (REFUSE, CASCADE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrantLine:
    """One line of a list of participants. ``name`` is None on a line that is a bye (``given`` draws only).

    ``line`` is the number by which whoever typed the list knows it, where that is not its place in it.
    """

    name: str | None
    seed: int | None = None
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTournament:
    """Open a tournament with its list of participants; the draw can still change.

    ``stages`` say what is played; without them it is one stage of this ``format``, with or without a match
    for third place.
    """

    name: str
    entrants: tuple[EntrantLine, ...]
    format: str = "single_elimination"
    seeding: str = "standard"
    third_place: bool = False
    visibility: str = PUBLIC
    stages: tuple[StageSettings, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParticipants:
    """Replace the list of participants, while there is no bracket yet. ``version`` is the seq of the state
    that the list was made from; None replaces whatever is there."""

    entrants: tuple[EntrantLine, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class GenerateBracket:
    """Fix the draw and build the bracket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVisibility:
    """Make the tournament ``public`` or ``private``."""

    visibility: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMatch:
    """Begin a match that is ready. ``scheduled_time`` is RFC 3339, or None."""

    match_id: int
    scheduled_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateScore:
    """Set the score of a live match. ``version`` is the match's version as the caller saw it.

    ``games`` are the scores of all its games so far; then the score follows from them and may be left out.
    """

    match_id: int
    participant1_score: int | None = None
    participant2_score: int | None = None
    version: int | None = None
    games: Games = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmResult:
    """Settle a match.

    The score decides. A level score is a draw where there are draws, else it needs the two tie-break scores
    (a shoot-out). ``score`` settles it at that one; with ``drawn`` it has to be level. ``walkover`` settles
    the match without regard to the score: ``winner_id`` goes on, or nobody where it is None. Naming a winner
    before any play is a walkover by itself.
    """

    match_id: int
    winner_id: int | None = None
    walkover: bool = False
    participant1_tiebreak: int | None = None
    participant2_tiebreak: int | None = None
    notes: str | None = None
    version: int | None = None
    drawn: bool = False
    score: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenMatch:
    """Take a confirmed result back, or a start.

    ``to`` is "live", at the score it had, or "ready", without one; None is what suits it. Where matches that
    hang on it have begun, ``policy`` "refuse" says no, and "cascade" takes those back too. ``version`` is
    that of the consequences as the caller saw them. With ``own`` it is the wish of somebody who may only take
    back what they have just done themselves.
    """

    match_id: int
    to: str | None = None
    reason: str = ""
    policy: str = REFUSE
    version: int | None = None
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectResult:
    """Replace a confirmed result by this one. ``games`` give its score, else ``result.score``; without either
    the score stays. ``policy`` and ``version`` are those of ``ReopenMatch``."""

    result: ConfirmResult
    games: Games = ()
    reason: str = ""
    policy: str = REFUSE
    version: int | None = None

    @property
    def match_id(self) -> int:
        """The match."""
        return self.result.match_id


ChangeOfMind = ReopenMatch | CorrectResult
"""A wish that takes back what was said of a match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRound:
    """Publish the next round of a stage that is paired round by round: who meets whom, side 1 first, in the
    order of the boards, who has a bye, and who is absent. ``version`` is the seq of the state that it was
    made from."""

    stage: int
    pairs: tuple[tuple[int, int], ...]
    byes: tuple[int, ...] = ()
    absent: tuple[int, ...] = ()
    edited: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairRound:
    """Take the last round back, none of its matches having begun."""

    stage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawLots:
    """Separate those whom nothing else separates, in this order, best first. Without a group they are of
    several groups, on the place whose best go on."""

    stage: int
    order: tuple[int, ...]
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConduct:
    """Set a participant's points of conduct in a stage with groups: the higher, the better."""

    stage: int
    participant_id: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipant:
    """Let somebody join late: on the draft, or the next round of a Swiss."""

    name: str
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameParticipant:
    """Mend a participant's name."""

    participant_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceParticipant:
    """Let somebody else play in a participant's place, before their first match."""

    participant_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawParticipant:
    """Take somebody out of the tournament. ``policy`` "forfeit_rest" gives what is left to their opponents;
    "void_all" lets their matches in groups count for nothing."""

    participant_id: int
    policy: str = "forfeit_rest"
    reason: str = ""
    disqualified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstateParticipant:
    """Let somebody who had withdrawn play on."""

    participant_id: int


Command = (
    CreateTournament
    | RegisterParticipants
    | GenerateBracket
    | ChangeVisibility
    | StartMatch
    | UpdateScore
    | ConfirmResult
    | ReopenMatch
    | CorrectResult
    | PublishRound
    | UnpairRound
    | DrawLots
    | RecordConduct
    | AddParticipant
    | RenameParticipant
    | ReplaceParticipant
    | WithdrawParticipant
    | ReinstateParticipant
)
"""Any wish."""
