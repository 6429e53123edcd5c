"""Decisions about stages: their rounds paired and unpaired, lots, conduct; and what a pairing goes by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from quart_app import errors
from quart_app.domain import commands, events
from quart_app.domain.movement import refuse_misplaced, with_movement
from quart_app.domain.pairing import RULES, RULES_VERSION
from quart_app.domain.pairing.ask import PairingQuestion
from quart_app.domain.pairing.history import Contender, Meeting, worth
from quart_app.domain.ranking import Outcome
from quart_app.domain.state.group import Group
from quart_app.domain.state.stage import Round, Stage
from quart_app.domain.state.tournament import Tournament

CONDUCT_MAX = 9999


def publish(
    tournament: Tournament, command: commands.PublishRound, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """The next round, and where its players go.

    Raises RoundConflict where there is nothing to pair, Conflict where somebody has changed the tournament
    meanwhile, InvalidInput for pairs that cannot be.
    """
    stage = find_stage(tournament, command.stage)
    following = round_to_pair(stage)
    if command.version not in (None, tournament.seq):
        raise errors.Conflict("This tournament was changed meanwhile. Propose the round again.")
    members = stage.groups[0].members
    out = [who for who in members if who in tournament.roster.out]
    for who in (*(each for pair in command.pairs for each in pair), *command.byes):
        if who in out:
            name = tournament.participants[who].name
            raise errors.InvalidInput({"pairs": f"{name} is {tournament.roster.out[who]}."})
    command = replace(command, absent=(*command.absent, *(who for who in out if who not in command.absent)))
    _check_pairs(tournament, members, command)
    number = following.number - stage.rounds[0].number + 1
    first_id = max(tournament.matches, default=0) + 1
    plans = tuple(
        events.MatchPlan(
            match_id=first_id + index,
            stage=events.MAIN,
            round=following.number,
            position=index + 1,
            slots=(events.SlotPlan(participant=first), events.SlotPlan(participant=second)),
            best_of=stage.settings.best_of_rounds.get(following.name, stage.settings.best_of),
            label=f"{number}.{index + 1}",
            stage_number=stage.number,
            group=stage.groups[0].name,
            all_played=stage.settings.all_played,
        )
        for index, (first, second) in enumerate(command.pairs)
    )
    paired = events.RoundPaired(
        tournament_id=tournament.id,
        stage=stage.number,
        round=number,
        matches=plans,
        byes=command.byes,
        paired_at=at,
        absent=command.absent,
        ruleset=RULES,
        ruleset_version=RULES_VERSION,
        edited=command.edited,
    )
    return with_movement(tournament, at, paired)


def unpair(
    tournament: Tournament, command: commands.UnpairRound, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """Take the last paired round back. Raises RoundConflict where one of its matches has begun."""
    stage = find_stage(tournament, command.stage)
    paired = [each for each in stage.rounds if each.match_ids]
    if stage.format.layout != "rounds" or not paired:
        raise errors.RoundConflict("There is no round to take back.")
    last = paired[-1]
    for match_id in last.match_ids:
        match = tournament.matches[match_id]
        if match.live or match.voided or match.result is not None:
            raise errors.RoundConflict(
                f"Match {match.plan.label} has begun, or is void; the round can no longer be taken back."
            )
    number = last.number - stage.rounds[0].number + 1
    unpaired = events.RoundUnpaired(
        tournament_id=tournament.id,
        stage=stage.number,
        round=number,
        match_ids=last.match_ids,
        unpaired_at=at,
    )
    refuse_misplaced(tournament, unpaired, "Take those back first.")
    return with_movement(tournament, at, unpaired)


def draw_lots(
    tournament: Tournament, command: commands.DrawLots, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """The lots, and what they make final. Raises InvalidInput for others than those who are level."""
    stage = find_stage(tournament, command.stage)
    members = {who for group in stage.groups if command.group in ("", group.name) for who in group.members}
    if not members:
        raise errors.InvalidInput(
            {"group": f"This stage has no group {command.group}." if command.group else "It has no groups."}
        )
    if len(command.order) < 2 or len(set(command.order)) < len(command.order):
        raise errors.InvalidInput({"order": "Name those who are level, each once, best first."})
    if not members.issuperset(command.order):
        raise errors.InvalidInput({"order": "Name participants of this group alone."})
    if not command.group and len(stage.groups) > 1:
        for group in stage.groups:
            if len(mates := [who for who in command.order if who in group.members]) > 1:
                names = " and ".join(tournament.participants[who].name for who in mates[:2])
                raise errors.InvalidInput(
                    {"group": f"{names} are both of group {group.name}: name the group, or one of each."}
                )
    lots = events.LotsDrawn(
        tournament_id=tournament.id, stage=stage.number, group=command.group, order=command.order, drawn_at=at
    )
    refuse_misplaced(tournament, lots, "Take those back first.")
    return with_movement(tournament, at, lots, only_if_moved=True)


def record_conduct(
    tournament: Tournament, command: commands.RecordConduct, at: str, actor_id: int | None
) -> tuple[events.Event, ...]:
    """A participant's points of conduct, and what they make final. Raises NotFound or InvalidInput."""
    if command.participant_id not in tournament.participants:
        raise errors.NotFound(f"This tournament has no participant {command.participant_id}.")
    stage = find_stage(tournament, command.stage)
    group = next((each for each in stage.groups if command.participant_id in each.members), None)
    if group is None:
        raise errors.InvalidInput({"stage": "This participant is in no group of the stage."})
    if not -CONDUCT_MAX <= command.points <= CONDUCT_MAX:
        raise errors.InvalidInput({"points": f"A whole number from -{CONDUCT_MAX} to {CONDUCT_MAX}."})
    if group.conduct.get(command.participant_id) == command.points:
        return ()
    conduct = events.ConductRecorded(
        tournament_id=tournament.id,
        stage=stage.number,
        participant_id=command.participant_id,
        points=command.points,
        recorded_at=at,
    )
    refuse_misplaced(tournament, conduct, "Take those back first.")
    return with_movement(tournament, at, conduct, only_if_moved=True)


def find_stage(tournament: Tournament, number: int) -> Stage:
    """The stage. Raises NotFound."""
    if not 1 <= number <= len(tournament.stages):
        raise errors.NotFound(f"This tournament has no stage {number}.")
    return tournament.stages[number - 1]


def round_to_pair(stage: Stage) -> Round:
    """The round that is to be paired next.

    Raises RoundConflict where there is none, or the last is not over.
    """
    if stage.format.layout != "rounds":
        raise errors.RoundConflict(
            "The matches of this stage are all known; it is not paired round by round."
        )
    following = stage.next_round
    if following is None:
        if all(each.match_ids for each in stage.rounds):
            raise errors.RoundConflict("All rounds of this stage are paired.")
        if stage.deserted:
            raise errors.RoundConflict("Fewer than two are left; no further round is played.")
        raise errors.RoundConflict("The round before is not over.")
    return following


def _check_pairs(tournament: Tournament, members: Iterable[int], command: commands.PublishRound) -> None:
    """Everybody once: in a pair, on a bye, or absent."""
    left = set(members)
    for field, named in (
        ("pairs", [who for pair in command.pairs for who in pair]),
        ("byes", command.byes),
        ("absent", command.absent),
    ):
        for who in named:
            if who not in left:
                reason = "stands twice" if who in set(members) else "is not in this stage"
                known = tournament.participants.get(who)
                called = known.name if known is not None else f"Participant {who}"
                raise errors.InvalidInput({field: f"{called} {reason}."})
            left.discard(who)
    if left:
        name = tournament.participants[min(left)].name
        raise errors.InvalidInput({"pairs": f"{name} is missing: pair everybody, or give them a bye."})
    if not command.pairs:
        raise errors.InvalidInput({"pairs": "A round has at least one match."})


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
        raise errors.InvalidInput({"absent": f"Participant {min(strangers)} is not in this stage."})
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
