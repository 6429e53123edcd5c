"""Stages over the API: standings, rounds that are paired one by one, lots, conduct, who joins late."""

from __future__ import annotations

from dataclasses import replace

from quart import Blueprint, Response

from quart_app.actions import stages
from quart_app.actions.writing.idempotency import recall
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import AddParticipant, DrawLots, RecordConduct, UnpairRound
from quart_app.domain.decisions.stages import contenders, find_stage
from quart_app.domain.pairing import trf16
from quart_app.domain.pairing.history import worth
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from quart_app.show.names import caution_words
from quart_app.show.tables import Standings, stage_state
from quart_app.store.idempotency import KeptAnswer
from quart_app.timeline.vantage import Vantage
from quart_app.web.answers.bodies import ASKED_AGAIN, json_answer, kept_json, read_body
from quart_app.web.api.addresses import PARTICIPANT, STAGE, TOURNAMENT
from quart_app.web.api.idempotency import answered, idempotent, once
from quart_app.web.api.shapes import round_schema
from quart_app.web.api.shapes import stage_schema as shapes
from quart_app.web.doors.access import actor_id, require_public, require_staff
from quart_app.web.doors.context import context

blueprint = Blueprint("api_stages", __name__)


@blueprint.get(f"{TOURNAMENT}standings/", strict_slashes=False)
async def get_standings(tournament_id: int) -> Response:
    """The tables of all stages that have them."""
    loaded = await _visible(tournament_id)
    tournament = loaded.tournament
    found = [stage_state(tournament, stage) for stage in tournament.stages if stage.groups]
    return json_answer(Standings(stages=found, position=loaded.position))


@blueprint.get(f"{STAGE}report.trf", strict_slashes=False)
async def get_report(tournament_id: int, stage: int) -> Response:
    """A Swiss as FIDE's tournament report, for other pairing programs and rating officers."""
    tournament = (await _visible(tournament_id)).tournament
    found = find_stage(tournament, stage)
    if found.format.layout != "rounds":
        raise InvalidInput({"stage": "Only a Swiss has such a report."})
    points = found.groups[0].ruleset.points
    text = trf16(
        tournament.name,
        contenders(tournament, found),
        len(found.rounds),
        worth(points.win, points.draw, points.loss),
    )
    headers = {
        "Cache-Control": ASKED_AGAIN,
        "Content-Disposition": f'attachment; filename="{tournament_id}.trf"',
    }
    return Response(text, mimetype="text/plain", headers=headers)


@blueprint.post(f"{STAGE}proposal/", strict_slashes=False)
@require_staff("organiser")
async def post_proposal(tournament_id: int, stage: int) -> Response:
    """Propose the next round, or look at one that is paired otherwise; nothing is published."""
    asked, services = await read_body(round_schema.NewProposal), context().services
    if asked.pairs is not None:
        return json_answer(_proposal(await stages.check_round(services, tournament_id, asked.command(stage))))
    return json_answer(_proposal(await stages.propose_round(services, tournament_id, stage, asked.absent)))


@blueprint.post(f"{STAGE}rounds/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_round(tournament_id: int, stage: int) -> Response:
    """Publish the next round: the pairs that are sent, or those that are proposed."""
    asked, services = await read_body(round_schema.NewRound), context().services
    command = asked.command(stage, asked.version)
    if asked.pairs is None:
        await recall(services, once(_changed))
        proposed = await stages.propose_round(services, tournament_id, stage, asked.absent)
        command = replace(
            command,
            pairs=proposed.pairs,
            byes=proposed.byes,
            version=asked.version or proposed.tournament.seq,
        )
    recorded = await stages.publish_round(
        services, tournament_id, command, await actor_id(), once=once(_changed)
    )
    return answered(_changed(recorded))


@blueprint.post(f"{STAGE}unpair/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_unpair(tournament_id: int, stage: int) -> Response:
    """Take the last round back, none of its matches having begun."""
    recorded = await stages.unpair_round(
        context().services, tournament_id, UnpairRound(stage=stage), await actor_id(), once=once(_changed)
    )
    return answered(_changed(recorded))


@blueprint.post(f"{STAGE}lots/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_lots(tournament_id: int, stage: int) -> Response:
    """Separate those of a group whom nothing separates: in an order that is sent, or drawn by the server."""
    asked = await read_body(shapes.NewLots)
    order = tuple(asked.order) if asked.order is not None else stages.shuffled(asked.participants)
    recorded = await stages.draw_lots(
        context().services,
        tournament_id,
        DrawLots(stage=stage, group=asked.group, order=order),
        await actor_id(),
        once=once(_changed),
    )
    return answered(_changed(recorded))


@blueprint.post(f"{PARTICIPANT}conduct/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_conduct(tournament_id: int, participant_id: int) -> Response:
    """Set a participant's points of conduct in a stage."""
    asked = await read_body(shapes.NewConduct)
    command = RecordConduct(stage=asked.stage, participant_id=participant_id, points=asked.points)
    recorded = await stages.record_conduct(
        context().services, tournament_id, command, await actor_id(), once=once(_changed)
    )
    return answered(_changed(recorded))


@blueprint.post(f"{TOURNAMENT}participants/", strict_slashes=False)
@require_staff("organiser")
@idempotent
async def post_participant(tournament_id: int) -> Response:
    """Let somebody join late."""
    asked = await read_body(shapes.NewParticipant)
    command = AddParticipant(name=asked.name, seed=asked.seed)
    recorded = await stages.add_participant(
        context().services, tournament_id, command, await actor_id(), once=once(_joined)
    )
    return answered(_joined(recorded))


def _proposal(proposed: stages.ProposedRound) -> round_schema.Proposed:
    names = proposed.tournament.participants
    return round_schema.Proposed(
        stage=proposed.stage,
        round=proposed.round,
        pairs=[
            round_schema.PairState(
                participant1_id=first,
                participant1_name=names[first].name,
                participant2_id=second,
                participant2_name=names[second].name,
            )
            for first, second in proposed.pairs
        ],
        byes=list(proposed.byes),
        warnings=[caution_words(proposed.tournament, caution) for caution in proposed.cautions],
        version=proposed.tournament.seq,
    )


def _changed(recorded: Recorded) -> KeptAnswer:
    about = [match_id for envelope in recorded.envelopes[:1] for match_id in envelope.event.about]
    return kept_json(shapes.StageAnswer(match_ids=about, position=recorded.position))


def _joined(recorded: Recorded) -> KeptAnswer:
    last: Tournament = recorded.tournament
    joined = shapes.Joined(participant_id=last.roster.last_id, position=recorded.position)
    return kept_json(joined, 201)


async def _visible(tournament_id: int) -> Vantage:
    loaded = await context().services.ledger.load(tournament_id)
    await require_public(loaded.tournament.visibility)
    return loaded
