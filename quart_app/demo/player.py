"""Plays a script through the real actions, as people at the pitches would enter it, over and over.

There is nothing to remember between two runs: what has been played is in the log, so a player that starts
again, after a deploy or because the database was away, goes on from there. Whoever else scores the same
matches meanwhile is not fought over: each beat only asks for what is still missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from quart_app.actions import tournaments
from quart_app.actions.services import Services
from quart_app.actions.writing.perform import perform
from quart_app.demo.script import Game, Script
from quart_app.domain.bracket.match import Match, MatchStatus
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.errors import Conflict, NotFound, Unavailable
from quart_app.store.event_log import select_events
from quart_app.store.tournaments import select_tournaments

# The pace at speed 1. With it the 2022 World Cup takes about eighteen minutes, three or four of its first
# matches being live at any time.
MINUTE_SECONDS = 1.3
KICK_OFF_EVERY_SECONDS = 35.0
SHOOT_OUT_SECONDS = 15.0
BEFORE_STAGE_SECONDS = 8.0
BETWEEN_EDITIONS_SECONDS = 60.0

# Not scaled by the speed: how long a trouble is given to pass.
RETRY_SECONDS = 2.0

EDITIONS_SHOWN = 3
"""How many finished editions stay public, so that the demo does not bury what people play themselves."""

Sleep = Callable[[float], Awaitable[None]]

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Beat:
    """Where a match stands ``at`` seconds after its stage began; ``final`` is its end."""

    at: float
    match_id: int
    score: tuple[int, int]
    final: bool = False


async def play(
    services: Services,
    script: Script,
    *,
    speed: float,
    loop: bool = False,
    sleep: Sleep = asyncio.sleep,
) -> Tournament:
    """Play one edition to its end and give it; with ``loop`` edition after edition, until cancelled.

    An edition that was left half played is continued. ``speed`` divides every pause. While the database is
    away it is asked again. With ``loop`` nothing else ends it either: what goes wrong is logged, and playing
    goes on from the log. Without, it is raised.
    """
    while True:
        try:
            tournament = await _play_edition(services, script, lambda seconds: sleep(seconds / speed))
        except (Unavailable, Conflict, NotFound) as error:
            log.warning("demo_interrupted", code=error.code, detail=error.detail)
            await sleep(RETRY_SECONDS)
        except Exception:
            if not loop:
                raise
            log.exception("demo_failed")
            await sleep(RETRY_SECONDS)
        else:
            if not loop:
                return tournament
            await sleep(BETWEEN_EDITIONS_SECONDS / speed)


async def prepare(services: Services, script: Script) -> Tournament:
    """The edition that is to be played next: the one that was left half played, else a new one."""
    return await _continued(services, script) or await _created(services, script)


async def _play_edition(services: Services, script: Script, wait: Sleep) -> Tournament:
    tournament = await prepare(services, script)
    stages = script.matches(tournament)
    log.info("demo_edition_begun", tournament_id=tournament.id, at_seq=tournament.seq)
    while tournament.status is not TournamentStatus.COMPLETED:
        await wait(BEFORE_STAGE_SECONDS)
        stage = next(
            games for games in stages if any(not tournament.matches[match_id].decided for match_id in games)
        )
        tournament = await _play_stage(
            services, tournament, agenda(stage, script.kick_off_every), stage, wait
        )
    log.info("demo_edition_finished", tournament_id=tournament.id, at_seq=tournament.seq)
    return tournament


async def _play_stage(
    services: Services, tournament: Tournament, beats: list[Beat], stage: dict[int, Game], wait: Sleep
) -> Tournament:
    """Play what is missing of a stage, its matches side by side, and give the tournament after it."""
    beats = [beat for beat in beats if _wishes(tournament, beat, stage[beat.match_id])]
    moment = beats[0].at if beats else 0.0
    for beat in beats:
        await wait(beat.at - moment)
        moment = beat.at
        tournament = (await services.ledger.load(tournament.id)).tournament
        try:
            for wish in _wishes(tournament, beat, stage[beat.match_id]):
                tournament = await _carry_out(services, tournament.id, wish)
        except Conflict as error:  # somebody else is scoring this match; the next beat sees what became of it
            log.info("demo_refused", tournament_id=tournament.id, match_id=beat.match_id, code=error.code)
    return (await services.ledger.load(tournament.id)).tournament


def agenda(stage: dict[int, Game], every: float = KICK_OFF_EVERY_SECONDS) -> list[Beat]:
    """Every beat of a stage's matches, in time; kick-offs follow each other, so that matches overlap."""
    beats = []
    for number, (match_id, game) in enumerate(stage.items()):
        kick_off = number * every
        minutes = [0.0, *(goal.minute for goal in game.goals)]
        beats += [
            Beat(kick_off + minute * MINUTE_SECONDS, match_id, score)
            for minute, score in zip(minutes, game.scores, strict=True)
        ]
        end = kick_off + game.minutes * MINUTE_SECONDS + (SHOOT_OUT_SECONDS if game.shoot_out else 0.0)
        beats.append(Beat(end + 1.0, match_id, game.scores[-1], final=True))
    return sorted(beats, key=lambda beat: beat.at)


def _wishes(tournament: Tournament, beat: Beat, game: Game) -> list[StartMatch | UpdateScore | ConfirmResult]:
    """What is still missing for the match to stand where the beat has it; a goal is never taken back."""
    match = tournament.matches[beat.match_id]
    if match.decided or match.status is MatchStatus.LOCKED:
        return []
    wishes: list[StartMatch | UpdateScore | ConfirmResult] = []
    if match.status is MatchStatus.READY:
        wishes.append(StartMatch(match_id=match.match_id))
    score = match.score or (0, 0)
    if sum(beat.score) > sum(score) or (beat.final and beat.score != score):
        a, b = beat.score
        wishes.append(UpdateScore(match_id=match.match_id, participant1_score=a, participant2_score=b))
    if beat.final:
        wishes.append(_confirmation(tournament, match, game))
    return wishes


def _confirmation(tournament: Tournament, match: Match, game: Game) -> ConfirmResult:
    """The result as scripted; its notes are only true of the sides that the script has."""
    players = (tournament.participant(slot.participant_id) for slot in match.slots)
    sides = tuple(player.name for player in players if player is not None)
    shoot_out = game.shoot_out or (None, None)
    return ConfirmResult(
        match_id=match.match_id,
        participant1_tiebreak=shoot_out[0],
        participant2_tiebreak=shoot_out[1],
        notes=game.notes if sides == game.sides else None,
    )


async def _carry_out(
    services: Services, tournament_id: int, wish: StartMatch | UpdateScore | ConfirmResult
) -> Tournament:
    return (await perform(services, tournament_id, wish, None)).tournament


async def _created(services: Services, script: Script) -> Tournament:
    """A new edition with its bracket; older ones make room for it."""
    finished = await _editions(services, script, "completed")
    for tournament_id in finished[EDITIONS_SHOWN - 1 :]:
        await tournaments.change_visibility(
            services, tournament_id, ChangeVisibility(visibility="private"), None
        )
    command = CreateTournament(
        name=script.name,
        entrants=tuple(EntrantLine(name=name) for name in script.entrants),
        seeding=script.seeding,
        stages=script.settings,
    )
    return (await tournaments.create_tournament(services, command, None, generate=True)).tournament


async def _continued(services: Services, script: Script) -> Tournament | None:
    """The newest edition that was left half played, None if there is none."""
    for tournament_id in await _editions(services, script, "pending", "active"):
        return (await services.ledger.load(tournament_id)).tournament
    return None


async def _editions(services: Services, script: Script, *statuses: str) -> list[int]:
    """The script's own public tournaments, newest first: of its name, and created by no member of staff."""
    editions = []
    async with services.database.reading() as connection:
        for row in await select_tournaments(connection, statuses=statuses):
            if row.name == script.name:
                (creation,) = await select_events(connection, row.id, limit=1)
                if creation.actor_id is None:
                    editions.append(row.id)
    return editions
