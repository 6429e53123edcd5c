"""Wishes about a tournament as a whole: put it off, call it off, take it off the lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PostponeTournament:
    """Let no match begin until it is resumed. ``until`` is RFC 3339, None where nobody knows."""

    reason: str = ""
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTournament:
    """Let it be played no further."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResumeTournament:
    """Take back that it was postponed or cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveTournament:
    """Take it off the lists, or put it back on them."""

    archived: bool = True


@dataclass(frozen=True, slots=True)
class DeleteTournament:
    """Remove a draft."""
