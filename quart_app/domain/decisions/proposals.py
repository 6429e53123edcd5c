"""What the next round of a Swiss is paired from, read off a tournament's state."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from quart_app.domain.decisions.stages import round_to_pair
from quart_app.domain.pairing.ask import PairingQuestion
from quart_app.domain.pairing.history import Contender, Meeting, worth
from quart_app.domain.ranking import Outcome
from quart_app.domain.state.group import Group
from quart_app.domain.state.stage import Stage
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput


def question(tournament: Tournament, stage: Stage, absent: Collection[int]) -> PairingQuestion:
    """Who is to be paired now. Raises RoundConflict where the last round is not over, or was the last of all,
    and InvalidInput for somebody absent who is not in the stage."""
    round_to_pair(stage)
    points = stage.groups[0].ruleset.points
    return PairingQuestion(
        contenders(tournament, stage, absent), len(stage.rounds), worth(points.win, points.draw, points.loss)
    )


def contenders(tournament: Tournament, stage: Stage, absent: Collection[int] = ()) -> tuple[Contender, ...]:
    """All who are in the stage, each with every round that is over."""
    group = stage.groups[0]
    if strangers := set(absent) - set(group.members):
        raise InvalidInput({"absent": f"Participant {min(strangers)} is not in this stage."})
    over = [each.number for each in stage.rounds if each.done]
    outcomes = {
        (outcome.round, side): outcome for outcome in group.outcomes.values() for side in outcome.sides
    }
    return tuple(
        Contender(
            participant_id=who,
            name=tournament.participants[who].name,
            number=number,
            rounds=tuple(_meeting(group, outcomes, each, who) for each in over),
            present=who not in absent and who not in tournament.roster.out,
        )
        for number, who in enumerate(group.members, start=1)
    )


def _meeting(group: Group, outcomes: Mapping[tuple[int, int], Outcome], number: int, who: int) -> Meeting:
    outcome = outcomes.get((number, who))
    if outcome is None:
        bye = any(
            each.participant_id == who and each.round == number and not each.requested
            for each in group.unplayed
        )
        return Meeting("bye" if bye else "absent")
    first = outcome.sides[0] == who
    opponent = outcome.sides[1 if first else 0]
    if outcome.walkover:
        return Meeting("forfeit_won" if outcome.winner_id == who else "forfeit_lost", opponent, first)
    if outcome.drawn:
        return Meeting("drawn", opponent, first)
    return Meeting("won" if outcome.winner_id == who else "lost", opponent, first)
