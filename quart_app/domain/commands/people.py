"""Wishes about those who take part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipant:
    """Let somebody join late: a draft, the next round of a Swiss, the place of a bye, or a group."""

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
