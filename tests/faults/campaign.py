"""A campaign: a tournament is played by POSTs while many watch, something breaks, and the log is compared.

All chance in it comes from one seed. A failure is repeated with ``GRANDSTAND_FAULT_SEED=<seed>``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import reduce
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import sqlalchemy as sa

from quart_app.actions.services import Services
from quart_app.actions.staff import add_staff
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import (
    CASCADE,
    Command,
    ConfirmResult,
    CorrectResult,
    CreateTournament,
    PostponeTournament,
    ReinstateParticipant,
    RenameParticipant,
    ReopenMatch,
    ResumeTournament,
    StartMatch,
    UpdateScore,
    VoidMatch,
    WithdrawParticipant,
)
from quart_app.domain.decisions import decide
from quart_app.domain.events import Envelope, Event
from quart_app.domain.fold import apply
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.errors import AppError, Unavailable
from quart_app.live.bus.local import LocalBus
from quart_app.store.database.engine import Database
from quart_app.store.event_log import select_events
from quart_app.store.tables import idempotency_keys
from quart_app.timeline.ledger import Ledger
from tests.domain.strategies import NOW, at_random, players
from tests.faults.spectators import JSON_KINDS, PAGE, Kind, Spectator, differences
from tests.server import PASSWORD

PLAYERS = 64
SPECTATORS = 60
PAGES = 4
CHANGES = 0.2
"""How often somebody changes their mind instead of playing on."""
OUT_MAX = 8
"""So many have withdrawn at most, so that there is always enough to play."""
WISH_SECONDS_MAX = 40.0
"""How long the scorer tries to get one wish through."""

_scorers = itertools.count(1)

MOMENTS = (
    "updated_at",
    "confirmed_at",
    "changed_at",
    "reopened_at",
    "voided_at",
    "postponed_at",
    "resumed_at",
    "renamed_at",
    "withdrawn_at",
    "reinstated_at",
    "updated_by",
    "confirmed_by",
    "reopened_by",
    "voided_by",
    "postponed_by",
    "resumed_by",
    "renamed_by",
    "withdrawn_by",
    "reinstated_by",
)
"""What an event tells of when and by whom, which a replay by the rules alone cannot know."""


_Spectator = TypeVar("_Spectator", bound=Spectator)


@dataclass
class Campaign:
    """A tournament on a running server, its scorer, and everybody who watches it."""

    seed: int
    url: str
    database_url: str
    services: Services
    age_claims: Callable[[], Awaitable[None]]
    tournament: Tournament
    chance: Random
    scorer: httpx.AsyncClient
    scorer_name: str
    spectators: list[Spectator] = field(default_factory=list)
    script: list[Event] = field(default_factory=list)
    retries: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    # Playing

    async def play(self, wishes: int) -> None:
        """Carry out so many wishes, one after the other, each until it is done."""
        for _ in range(wishes):
            assert self.tournament.status is not TournamentStatus.COMPLETED, "the script is too short"
            await self._carry_out(wish(self.seed, self.tournament))

    async def _carry_out(self, command: Command) -> None:
        """POST a wish with a key of its own, again and again with that key, until it is in the log."""
        events = decide(self.tournament, command, NOW, None)
        after = reduce(apply, events, self.tournament)
        path, body = _request(self.tournament.id, command)
        headers = {"Idempotency-Key": f"{self.seed}-{self.tournament.id}-{next(self._numbers)}"}
        deadline = time.monotonic() + WISH_SECONDS_MAX
        while True:
            assert time.monotonic() < deadline, f"{command} does not get through"
            try:
                answer = await self.scorer.post(path, json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                break
            self.retries += 1
            if answer is not None and answer.status_code == 409:
                # An earlier try may have been carried out, and only its answer lost: the log knows.
                if await self._head() == after.seq:
                    break
                code = answer.json()["code"]
                assert code == "idempotency.conflict", f"{command} was refused: {answer.text}"
                await self.age_claims()
            elif answer is not None and answer.status_code == 401:
                await self.sign_in()
            elif answer is not None:
                assert answer.status_code in (429, 503), f"{command} got {answer.status_code}: {answer.text}"
            await asyncio.sleep(0.05)
        self.tournament = after
        self.script += events

    async def sign_in(self) -> None:
        """Get the scorer a token."""
        login = {"username": self.scorer_name, "password": PASSWORD}
        answer = await self.scorer.post("/api/token/", json=login)
        answer.raise_for_status()
        self.scorer.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    async def _head(self) -> int:
        return (await self.services.ledger.load(self.tournament.id)).tournament.seq

    # Watching

    async def seat(self, kinds: Sequence[Kind]) -> list[Spectator]:
        """Let spectators of these kinds in, and wait until all of them watch."""
        arriving = [self.spectator(kind) for kind in kinds]
        for spectator in arriving:
            self.admit(spectator)
        await asyncio.gather(*(each.until(lambda s: s.connections > 0) for each in arriving))
        return arriving

    def spectator(self, kind: Kind) -> Spectator:
        """Somebody who is about to watch this tournament."""
        return self.make(Spectator, kind, self.tournament.id)

    def make(self, maker: type[_Spectator], kind: Kind, tournament_id: int) -> _Spectator:
        """A spectator with manners of their own, of any tournament on this server."""
        chance = Random(f"{self.seed} {kind.name} {len(self.spectators)}")
        return maker("127.0.0.1", urlsplit(self.url).port or 0, tournament_id, kind, chance)

    def admit(self, spectator: Spectator) -> None:
        """Let somebody watch to the end."""
        self.spectators.append(spectator)
        self._tasks.append(asyncio.create_task(spectator.run()))

    # The end

    async def log(self) -> tuple[Envelope, ...]:
        """The log as the database has it."""
        async with self.services.database.reading() as connection:
            return await select_events(connection, self.tournament.id)

    async def verdict(self) -> None:
        """Every client that stayed or came back holds exactly the log, in order, and the log is the script's:
        nothing is lost, and nothing was applied twice."""
        head = (await self.services.ledger.load(self.tournament.id)).position
        await asyncio.gather(*(each.until(lambda s: s.position == head) for each in self.spectators))
        log = await self.log()
        async with httpx.AsyncClient(base_url=self.url, timeout=10) as visitor:
            fresh_page = (await visitor.get(f"/tournaments/{self.tournament.id}/")).text
        played = [_plain(envelope.event) for envelope in log[-len(self.script) :]]
        assert played == [_plain(event) for event in self.script], f"seed {self.seed}: not what was played"
        wrong = [found for each in self.spectators if (found := differences(each, log, fresh_page))]
        assert wrong == [], f"seed {self.seed}: " + "\n".join(wrong)

    async def close(self) -> None:
        """Let everybody go home."""
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.scorer.aclose()
        for result in results:
            if isinstance(result, Exception):
                raise result


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Return once something that has to be asked for holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await asyncio.sleep(0.02)


def wish(seed: int, tournament: Tournament) -> Command:
    """What is wished for next: to play on, or now and then a change of mind that is possible."""
    chance = Random(seed * 20_011 + tournament.seq)
    if tournament.hold is not None:
        return ResumeTournament()
    if chance.random() > CHANGES:
        return at_random(seed)(tournament)
    changes = _changes(tournament, chance)
    chance.shuffle(changes)
    return next(each for each in changes if _possible(tournament, each))


def _changes(tournament: Tournament, chance: Random) -> list[Command]:
    """To change a result, with all that hangs on it, to void a match or play it after all, to go home and
    come back, to be called otherwise, to put it all off for a moment."""
    matches = tournament.matches.values()
    decided = [match.match_id for match in matches if match.result is not None]
    voided = [match.match_id for match in matches if match.voided]
    played = [match.match_id for match in matches if match.played and not match.voided]
    out = list(tournament.roster.out)
    there = [each for each in tournament.participants if each not in out]
    score = chance.choice([(0, tournament.seq), (tournament.seq, 0)])
    somebody = chance.choice(there)
    wishes: list[Command] = [
        PostponeTournament(reason=f"Rain {tournament.seq}"),
        RenameParticipant(participant_id=somebody, name=f"{tournament.seq} & Söhne"),
    ]
    wishes += [ReopenMatch(match_id=each, policy=CASCADE) for each in voided[:2]]
    wishes += [VoidMatch(match_id=each, policy=CASCADE) for each in chance.sample(played, 1)]
    for each in chance.sample(decided, min(1, len(decided))):
        result = ConfirmResult(match_id=each, score=score)
        wishes += 2 * [CorrectResult(result=result, policy=CASCADE)]
        wishes.append(ReopenMatch(match_id=each, policy=CASCADE))
    if len(out) < OUT_MAX:
        wishes.append(WithdrawParticipant(participant_id=somebody, reason=f"Ill {tournament.seq}"))
    return wishes + [ReinstateParticipant(participant_id=each) for each in out[:2]]


def _possible(tournament: Tournament, command: Command) -> bool:
    """Whether the rules let it be done now: a match that was given away, for one, is no longer corrected."""
    try:
        return bool(decide(tournament, command, NOW, None))
    except AppError:
        return False


def _request(tournament_id: int, command: Command) -> tuple[str, dict[str, object]]:
    """The path and the body of the POST that wishes for this."""
    actions: dict[type[Command], str] = {
        PostponeTournament: "postpone",
        ResumeTournament: "resume",
        VoidMatch: "void",
        StartMatch: "start",
        UpdateScore: "score",
        ConfirmResult: "confirm",
        ReopenMatch: "reopen",
        CorrectResult: "correct",
        RenameParticipant: "rename",
        WithdrawParticipant: "withdraw",
        ReinstateParticipant: "reinstate",
    }
    action = actions[type(command)]
    body = {name: value for name, value in asdict(command).items() if value is not None}
    if isinstance(command, CorrectResult):
        first, second = command.result.score or (0, 0)
        body = {"match_id": command.match_id, "participant1_score": first, "participant2_score": second}
        body["policy"] = command.policy
    body.pop("own", None)
    where = ""
    for name, of in (("match_id", "matches"), ("participant_id", "participants")):
        if name in body:
            where = f"{of}/{body.pop(name)}/"
    return f"/api/tournaments/{tournament_id}/{where}{action}/", body


def _plain(event: Event) -> dict[str, object]:
    """An event less what only its own moment knows."""
    told = msgspec.to_builtins(event)
    return {"type": event.type} | {name: value for name, value in told.items() if name not in MOMENTS}


@asynccontextmanager
async def campaign(
    seed: int,
    url: str,
    database_url: str,
    *,
    crowd: Sequence[Kind] | None = None,
) -> AsyncIterator[Campaign]:
    """A tournament with a crowd that watches it on a running deployment."""
    database = Database(database_url)
    services = Services(database, LocalBus(), Ledger(database))

    async def age_claims() -> None:
        """Let a minute pass, after which the key of a request whose worker died is free again."""
        with contextlib.suppress(Unavailable):
            async with database.writing() as connection:
                unanswered = sa.update(idempotency_keys).where(idempotency_keys.c.status.is_(None))
                await connection.execute(unanswered.values(claimed_at="2000"))

    name = f"scorer {next(_scorers)}"
    await add_staff(services, name, PASSWORD, "organiser")
    command = CreateTournament(name=f"Campaign {seed}", entrants=players(PLAYERS))
    tournament = (await create_tournament(services, command, None, generate=True)).tournament
    # without keep-alive, so that the POSTs go to all workers
    limits = httpx.Limits(max_keepalive_connections=0)
    scorer = httpx.AsyncClient(base_url=url, timeout=15, limits=limits)
    running = Campaign(seed, url, database_url, services, age_claims, tournament, Random(seed), scorer, name)
    try:
        await running.sign_in()
        if crowd is None:
            crowd = [PAGE] * PAGES + [JSON_KINDS[n % len(JSON_KINDS)] for n in range(SPECTATORS)]
        await running.seat(crowd)
        yield running
    finally:
        await running.close()
        await database.close()
