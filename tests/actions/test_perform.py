"""The use cases without HTTP: they append, commit, then announce, and a lost race is decided anew."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from quart_app import errors
from quart_app.actions import broadcast, matches, tournaments
from quart_app.actions.services import Services
from quart_app.actions.writing.idempotency import Once, Repeated
from quart_app.actions.writing.recorded import Recorded
from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    GenerateBracket,
    RegisterParticipants,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.fold import step
from quart_app.domain.state.tournament import Tournament
from quart_app.live.bus.local import LocalBus
from quart_app.store.database.engine import Database
from quart_app.store.event_log import select_events
from quart_app.store.idempotency import KeptAnswer
from quart_app.store.tournaments import select_tournaments
from quart_app.timeline.ledger import Ledger


def services_of(database: Database) -> Services:
    """What the actions need, on a database."""
    return Services(database, LocalBus(), Ledger(database))


def cup(players: int = 4, **options: Any) -> CreateTournament:
    """A tournament to be."""
    lines = tuple(EntrantLine(name=f"P{number}") for number in range(1, players + 1))
    return CreateTournament(name="Cup", entrants=lines, **options)


async def created(services: Services, players: int = 4) -> Tournament:
    """A tournament with its bracket."""
    return (await tournaments.create_tournament(services, cup(players), None, generate=True)).tournament


async def seqs(services: Services, tournament_id: int) -> list[int]:
    """The numbers in the log."""
    async with services.database.reading() as connection:
        return [each.seq for each in await select_events(connection, tournament_id)]


async def test_forty_referees_at_once_lose_nothing(database: Database) -> None:
    """Forty scores posted at the same time are all in the log, each number once."""
    services = services_of(database)
    tournament = await created(services)
    await matches.start_match(services, tournament.id, StartMatch(match_id=1), None)
    await asyncio.gather(
        *(
            matches.update_score(
                services,
                tournament.id,
                UpdateScore(match_id=1, participant1_score=number, participant2_score=0),
                number,
            )
            for number in range(1, 41)
        )
    )
    assert await seqs(services, tournament.id) == list(range(1, 45))


async def test_a_result_is_folded_once(database: Database) -> None:
    """What the decision foresaw is what is written down and what the timeline takes in: the same objects."""
    services = services_of(database)
    tournament = await created(services)
    await matches.start_match(services, tournament.id, StartMatch(match_id=1), None)
    confirm = ConfirmResult(match_id=1, score=(1, 0))
    recorded = await matches.confirm_result(services, tournament.id, confirm, None)
    timeline = services.ledger.kept.get(tournament.id)
    assert timeline is not None
    assert timeline.state is recorded.tournament
    assert recorded.before is not None
    completed, moved = (each.event for each in recorded.envelopes)
    assert step(step(recorded.before, completed)[0], moved)[0] is recorded.tournament


async def test_two_referees_with_the_same_version_cannot_overwrite_each_other(database: Database) -> None:
    """Of two posts that saw the same score one wins, and the other is told both scores."""
    services = services_of(database)
    tournament = await created(services)
    started = (await matches.start_match(services, tournament.id, StartMatch(match_id=1), None)).tournament
    version = started.matches[1].version
    posts = [
        matches.update_score(
            services,
            tournament.id,
            UpdateScore(match_id=1, participant1_score=a, participant2_score=b, version=version),
            None,
        )
        for a, b in ((1, 0), (0, 1))
    ]
    outcomes = await asyncio.gather(*posts, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Recorded, errors.VersionConflict}


async def test_result_and_bracket_come_in_one_transaction(database: Database) -> None:
    """A confirmed result and what it moves are logged together, one right after the other."""
    services = services_of(database)
    tournament = await created(services)
    await matches.start_match(services, tournament.id, StartMatch(match_id=1), None)
    score = UpdateScore(match_id=1, participant1_score=1, participant2_score=0)
    await matches.update_score(services, tournament.id, score, None)
    await matches.confirm_result(services, tournament.id, ConfirmResult(match_id=1), 7)
    async with services.database.reading() as connection:
        last_two = (await select_events(connection, tournament.id))[-2:]
    assert [(each.event.type, each.actor_id) for each in last_two] == [
        ("match_completed", 7),
        ("bracket_updated", 7),
    ]


async def test_refused_wish_writes_nothing(database: Database) -> None:
    """A refusal leaves the log as it was."""
    services = services_of(database)
    tournament = await created(services)
    with pytest.raises(errors.MatchNotLive):
        await matches.update_score(
            services,
            tournament.id,
            UpdateScore(match_id=1, participant1_score=1, participant2_score=0),
            None,
        )
    assert await seqs(services, tournament.id) == [1, 2, 3]


async def test_refused_tournament_leaves_no_trace(database: Database) -> None:
    """A creation that is refused creates nothing."""
    services = services_of(database)
    with pytest.raises(errors.InvalidInput):
        await tournaments.create_tournament(services, cup(1), None)
    async with services.database.reading() as connection:
        assert await select_tournaments(connection, public_only=False) == ()


async def test_participants_can_change_until_the_bracket_is_generated(database: Database) -> None:
    """A draft's list is replaced; afterwards it is fixed."""
    services = services_of(database)
    draft = (await tournaments.create_tournament(services, cup(4), None)).tournament
    lines = RegisterParticipants(entrants=cup(6).entrants)
    await tournaments.register_participants(services, draft.id, lines, None)
    generated = (await tournaments.generate_bracket(services, draft.id, GenerateBracket(), None)).tournament
    assert len(generated.participants) == 6
    with pytest.raises(errors.BracketExists):
        await tournaments.register_participants(services, draft.id, lines, None)


async def test_same_visibility_changes_nothing(database: Database) -> None:
    """Making a public tournament public logs no event."""
    services = services_of(database)
    tournament = await created(services)
    command = ChangeVisibility(visibility="public")
    assert (await tournaments.change_visibility(services, tournament.id, command, None)).tournament.seq == 3


async def test_unknown_tournament_is_not_found(database: Database) -> None:
    """There is nothing to act on."""
    with pytest.raises(errors.NotFound):
        await matches.start_match(services_of(database), 4711, StartMatch(match_id=1), None)


async def test_two_ledgers_agree(database: Database) -> None:
    """A second worker, which never saw the writes, folds the same state."""
    services, other = services_of(database), services_of(database)
    tournament = await created(services, 8)
    await other.ledger.load(tournament.id)
    after = (await matches.start_match(services, tournament.id, StartMatch(match_id=2), None)).tournament
    assert (await other.ledger.load(tournament.id)).tournament == after


COMPLETED = {
    "match_id": 1,
    "winner_id": 1,
    "winner_name": "P1",
    "loser_id": 4,
    "loser_name": "P4",
    "participant1_score": 2,
    "participant2_score": 0,
    "confirmed_at": "2026-11-24T10:00:00Z",
    "confirmed_by": None,
}
STARTED = {
    "match_id": 1,
    "participant1_id": 1,
    "participant1_name": "P1",
    "participant2_id": 4,
    "participant2_name": "P4",
    "scheduled_time": None,
    "bracket_round": 1,
    "bracket_position": 1,
}
SCORED = {
    "match_id": 1,
    "participant1_score": 2,
    "participant2_score": 0,
    "updated_at": "2026-11-24T10:00:00Z",
    "updated_by": None,
}
MOVED = {
    "bracket_id": 1,
    "updated_nodes": [3],
    "next_matches": [
        {"match_id": 3, "round": 2, "position": 1, "participant1_id": 1, "participant2_id": None}
    ],
    "bracket_status": "active",
    "updated_at": "2026-11-24T10:00:00Z",
}


async def broadcast_all(services: Services, tournament_id: int) -> Tournament:
    """A match as a source of results outside tells it."""
    await broadcast.broadcast_match_started(services, tournament_id, STARTED)
    await broadcast.broadcast_score_updated(services, tournament_id, SCORED)
    await broadcast.broadcast_match_completed(services, tournament_id, COMPLETED)
    return (await broadcast.broadcast_bracket_updated(services, tournament_id, MOVED)).tournament


async def test_source_outside_plays_a_match(database: Database) -> None:
    """The four broadcasts append what they were told, and the bracket moves."""
    services = services_of(database)
    tournament = await created(services)
    after = await broadcast_all(services, tournament.id)
    assert (after.seq, after.matches[3].slots[0].participant_id) == (7, 1)


@pytest.mark.parametrize(
    ("event_type", "data", "refusal"),
    [
        ("score_updated", SCORED, errors.MatchNotLive),
        ("match_started", {**STARTED, "match_id": 99}, errors.NotFound),
        ("match_started", {**STARTED, "participant1_id": 2}, errors.InvalidInput),
        ("match_started", {**STARTED, "surprise": 1}, errors.InvalidInput),
        ("match_started", {**STARTED, "tournament_id": 99}, errors.InvalidInput),
        ("match_completed", {**COMPLETED, "winner_id": 3}, errors.InvalidInput),
        ("bracket_generated", {}, errors.InvalidInput),
        ("nonsense", {}, errors.InvalidInput),
    ],
)
async def test_what_cannot_be_is_not_broadcast(
    database: Database, event_type: str, data: dict[str, Any], refusal: type[errors.AppError]
) -> None:
    """Data that is no event, or cannot follow the present state, is refused and not logged."""
    services = services_of(database)
    tournament = await created(services)
    with pytest.raises(refusal):
        await broadcast.broadcast_tournament_event(services, tournament.id, event_type, data)
    assert await seqs(services, tournament.id) == [1, 2, 3]


async def test_caller_who_hangs_up_keeps_nobody_from_hearing(database: Database) -> None:
    """A use case that is cancelled at any moment is announced if it is committed."""
    services = services_of(database)
    tournament = await created(services)
    await matches.start_match(services, tournament.id, StartMatch(match_id=1), None)
    announced: list[int] = []
    listening = Services(services.database, services.bus, services.ledger, count=announced.append)
    for score in range(1, 40):
        command = UpdateScore(match_id=1, participant1_score=score, participant2_score=0)
        posting = asyncio.create_task(matches.update_score(listening, tournament.id, command, None))
        for _ in range(score):
            await asyncio.sleep(0)
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
    while listening.underway:
        await asyncio.wait(set(listening.underway))
    assert sum(announced) == len(await seqs(services, tournament.id)) - 4


async def commit_fails(database: Database) -> errors.Unavailable:
    """The error of a transaction whose connection is lost while it commits."""

    def lose(*_: object) -> None:
        raise errors.Unavailable("the connection is lost")

    with pytest.raises(errors.Unavailable) as raised:
        async with database.writing() as connection:
            sa.event.listen(connection.sync_connection, "commit", lose)
    return raised.value


def once(key: str, fingerprint: str = "a post") -> Once:
    """The key of a request, whose answer is where the log then stands."""
    return Once("staff:1", key, fingerprint, lambda recorded: KeptAnswer(200, {}, recorded.position.encode()))


async def repeated(services: Services, command: CreateTournament, key: Once) -> bytes:
    """What the same wish is answered when it comes again."""
    with pytest.raises(Repeated) as again:
        await tournaments.create_tournament(services, command, None, once=key)
    return again.value.answer.body


async def test_what_was_committed_is_not_done_again_though_nobody_was_told(database: Database) -> None:
    """The answer stands in the transaction of what was done: whenever the retry comes, it is repeated."""
    services = services_of(database)
    recorded = await tournaments.create_tournament(services, cup(), None, once=once("lost"))
    assert await repeated(services, cup(), once("lost")) == recorded.position.encode()
    assert len(await ids(services)) == 1


async def test_a_key_whose_transaction_failed_is_free(database: Database) -> None:
    """A refusal, or a commit that did not come about, leaves the key to whoever tries again."""
    services = services_of(database)
    with pytest.raises(errors.InvalidInput):
        await tournaments.create_tournament(
            services, CreateTournament(name="", entrants=()), None, once=once("free")
        )
    await tournaments.create_tournament(services, cup(), None, once=once("free"))
    assert len(await ids(services)) == 1


async def test_of_many_at_once_with_one_key_one_is_done(database: Database) -> None:
    """The others wait for it, and are given its answer."""
    services = services_of(database)
    wishes = [tournaments.create_tournament(services, cup(), None, once=once("same")) for _ in range(8)]
    results = await asyncio.gather(*wishes, return_exceptions=True)
    (done,) = [each for each in results if isinstance(each, Recorded)]
    answers = {each.answer.body for each in results if isinstance(each, Repeated)}
    assert (len(results), answers) == (8, {done.position.encode()})


async def test_a_score_with_a_key_is_set_once(database: Database) -> None:
    """A score that somebody has changed since is not set back by the retry of an older one."""
    services = services_of(database)
    tournament_id = (await created(services)).id
    await matches.start_match(services, tournament_id, StartMatch(match_id=1), None)
    first = UpdateScore(match_id=1, participant1_score=1, participant2_score=0)
    recorded = await matches.update_score(services, tournament_id, first, None, once=once("tap"))
    await matches.update_score(
        services, tournament_id, UpdateScore(match_id=1, participant1_score=2, participant2_score=0), None
    )
    with pytest.raises(Repeated) as again:
        await matches.update_score(services, tournament_id, first, None, once=once("tap"))
    now = (await services.ledger.load(tournament_id)).tournament
    assert (again.value.answer.body, now.matches[1].score) == (recorded.position.encode(), (2, 0))


async def test_a_key_of_another_request_is_refused(database: Database) -> None:
    """A key answers for one request only."""
    services = services_of(database)
    await tournaments.create_tournament(services, cup(), None, once=once("one"))
    with pytest.raises(errors.IdempotencyKeyReused):
        await tournaments.create_tournament(services, cup(), None, once=once("one", "another post"))


async def ids(services: Services) -> list[int]:
    """Every tournament."""
    async with services.database.reading() as connection:
        return [row.id for row in await select_tournaments(connection, public_only=False)]
