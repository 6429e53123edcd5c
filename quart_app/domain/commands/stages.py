"""Wishes about the stages of a tournament: rounds that are paired one by one, and tables."""

from __future__ import annotations

from dataclasses import dataclass


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
