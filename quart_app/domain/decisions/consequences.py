"""What a change of mind takes back with it: which matches had begun, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quart_app.domain import events
from quart_app.domain.bracket.match import Match
from quart_app.domain.movement import outline
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
