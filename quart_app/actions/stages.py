"""What an organiser does with a stage. Each gives what it has recorded."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once
from quart_app.actions.writing.perform import perform
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import AddParticipant, DrawLots, PublishRound, RecordConduct, UnpairRound
from quart_app.domain.decisions import decide
from quart_app.domain.decisions.stages import contenders, find_stage, question, round_to_pair
from quart_app.domain.pairing import Caution, cautions
from quart_app.domain.pairing.ask import PairingAnswer, PairingQuestion
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import Unavailable

PAIRING_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class ProposedRound:
    """The next round as it is proposed, for the state that it was made from, and what it breaks."""

    tournament: Tournament
    stage: int
    round: int
    pairs: tuple[tuple[int, int], ...]
    byes: tuple[int, ...]
    absent: tuple[int, ...]
    cautions: tuple[Caution, ...]


async def propose_round(
    services: Services, tournament_id: int, stage: int, absent: Collection[int] = ()
) -> ProposedRound:
    """Pair the next round of a stage, and publish nothing.

    Raises NotFound, RoundConflict where there is nothing to pair, and PairingUnavailable.
    """
    tournament = (await services.ledger.load(tournament_id)).tournament
    asked = question(tournament, find_stage(tournament, stage), absent)
    pairs, byes = (await paired(asked)).given()
    return checked(tournament, stage, pairs, byes, tuple(absent))


async def check_round(services: Services, tournament_id: int, command: PublishRound) -> ProposedRound:
    """A round as somebody has paired it, with what that breaks; nothing is published. Raises what publishing
    it would."""
    tournament = (await services.ledger.load(tournament_id)).tournament
    decide(tournament, command, services.clock())
    return checked(tournament, command.stage, command.pairs, command.byes, command.absent)


def checked(
    tournament: Tournament,
    stage: int,
    pairs: Sequence[tuple[int, int]],
    byes: Sequence[int],
    absent: Sequence[int],
) -> ProposedRound:
    """A pairing with what it breaks."""
    found = find_stage(tournament, stage)
    following = round_to_pair(found)
    return ProposedRound(
        tournament=tournament,
        stage=stage,
        round=following.number - found.rounds[0].number + 1,
        pairs=tuple(pairs),
        byes=tuple(byes),
        absent=tuple(absent),
        cautions=tuple(cautions(contenders(tournament, found, absent), pairs, byes)),
    )


async def publish_round(
    services: Services,
    tournament_id: int,
    command: PublishRound,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Publish a round.

    Raises RoundConflict, Conflict where the tournament has changed since, InvalidInput.
    """
    return await perform(services, tournament_id, command, actor_id, once=once)


async def unpair_round(
    services: Services,
    tournament_id: int,
    command: UnpairRound,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Take the last round back. Raises RoundConflict where one of its matches has begun."""
    return await perform(services, tournament_id, command, actor_id, once=once)


async def draw_lots(
    services: Services,
    tournament_id: int,
    command: DrawLots,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Separate those whom nothing separates, in the given order. Raises InvalidInput."""
    return await perform(services, tournament_id, command, actor_id, once=once)


def shuffled(those: Sequence[int]) -> tuple[int, ...]:
    """Lots among these, drawn by the server."""
    drawn = list(those)
    secrets.SystemRandom().shuffle(drawn)
    return tuple(drawn)


async def record_conduct(
    services: Services,
    tournament_id: int,
    command: RecordConduct,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Set a participant's points of conduct. Raises NotFound or InvalidInput."""
    return await perform(services, tournament_id, command, actor_id, once=once)


async def add_participant(
    services: Services,
    tournament_id: int,
    command: AddParticipant,
    actor_id: int | None,
    *,
    once: Once | None = None,
) -> Recorded:
    """Let somebody join late. Raises BracketExists where there is no room, InvalidInput for the name."""
    return await perform(services, tournament_id, command, actor_id, once=once)


async def paired(asked: PairingQuestion) -> PairingAnswer:
    """Pair in a process of its own: it computes for a second, and nobody shall wait for it.

    ``subprocess`` starts it by vfork in well below a millisecond, here and not in a thread: who is cancelled
    must know of it. The loop's own way is to fork, and so to copy the page tables of this whole process.
    """
    process = subprocess.Popen(  # noqa: ASYNC220 - see above
        (sys.executable, "-m", "quart_app.domain.pairing"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        # shielded: it also clears up, and so must run even where nobody waits for it any more
        answered = await asyncio.shield(asyncio.to_thread(_answer_of, process, msgspec.json.encode(asked)))
    except subprocess.TimeoutExpired:
        raise Unavailable("Pairing this round takes too long. Pair it by hand.") from None
    finally:
        process.kill()
    if process.returncode:
        raise Unavailable("The pairing has failed; the log says why. Pair this round by hand.")
    return msgspec.json.decode(answered, type=PairingAnswer)


def _answer_of(process: subprocess.Popen[bytes], asked: bytes) -> bytes:
    with process:
        try:
            return process.communicate(asked, timeout=PAIRING_SECONDS_MAX)[0]
        finally:
            process.kill()
