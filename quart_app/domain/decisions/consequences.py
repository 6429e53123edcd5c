"""What follows from a decision: the walkovers against those who are out, and what a change of mind takes back
with it, which matches had begun and how that is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import msgspec

from quart_app.domain import commands, events
from quart_app.domain.bracket.match import Match
from quart_app.domain.decisions import play
from quart_app.domain.fold import apply
from quart_app.domain.movement import outline, with_movement
from quart_app.domain.parts import BRACKET
from quart_app.domain.state.tournament import Tournament


@dataclass(frozen=True, slots=True)
class Consequence:
    """A match that had begun and is taken back: as it was, and as it is then."""

    before: Match
    after: Match


def consequences(before: Tournament, after: Tournament, match_id: int) -> tuple[Consequence, ...]:
    """Which matches that had begun a change of this match takes back with it, the deepest first."""
    return tuple(
        Consequence(match, now)
        for each, match in sorted(before.matches.items(), reverse=True)
        if match.begun
        and not match.given_away  # it is given anew, or played
        and each != match_id
        and (now := after.matches[each]) is not match
        and not (now.begun and (now.slots, now.confirmed) == (match.slots, match.confirmed))
    )


def version_of(before: Tournament, after: Tournament, match_id: int) -> int:
    """What a preview's version is: it changes as soon as the match does, any that it changes, or who takes
    part."""
    moved = [match.version for each, match in before.matches.items() if after.matches[each] is not match]
    return max([before.matches[match_id].version, before.revision(BRACKET), *moved])


def nobody_played(tournament: Tournament, reopenings: Iterable[events.Event]) -> bool:
    """Whether all matches that these take back were only given to the opponents of those who are out."""
    reopened = (each.match_id for each in reopenings if isinstance(each, events.MatchReopened))
    return all(tournament.matches[match_id].given_away for match_id in reopened)


def outlined(consequence: Consequence) -> dict[str, object]:
    """A consequence as it is told: ``{match_id, label, status, score, becomes}``."""
    return outline(consequence.before) | {"becomes": consequence.after.status.value}


def forfeits(tournament: Tournament, at: str, actor_id: int | None) -> tuple[events.Event, ...]:
    """The walkovers by now against those who are out, each with what it moves."""
    told: tuple[events.Event, ...] = ()
    while given := _given(tournament):
        staying = [
            slot.participant_id for slot in given.slots if slot.participant_id not in tournament.roster.out
        ]
        wish = commands.ConfirmResult(
            match_id=given.match_id, walkover=True, winner_id=staying[0] if staying else None
        )
        settled = msgspec.structs.replace(play.result(tournament, wish, at, actor_id), forfeit=True)
        more = with_movement(tournament, at, settled)
        tournament, told = reduce(apply, more, tournament), (*told, *more)
    return told


def _given(tournament: Tournament) -> Match | None:
    """The first match that could be played, and in which somebody is out."""
    agenda, out = tournament.agenda, tournament.roster.out
    could = (tournament.matches[each] for each in sorted((*agenda.live, *agenda.ready)) if out)
    return next((match for match in could if any(slot.participant_id in out for slot in match.slots)), None)
