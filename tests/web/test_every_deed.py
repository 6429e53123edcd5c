"""Every deed in every state, by whoever: it is done, or refused in words and nothing has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import cast

import pytest
from quart import Quart

from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament
from quart_app.actions.writing.perform import record
from quart_app.domain.commands import CreateTournament, DrawLots, EntrantLine, StartMatch
from quart_app.domain.events import Event, StageSettings
from quart_app.domain.fold import fold
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.store.event_log import select_events
from quart_app.web.doors.context import EXTENSION, Context
from tests.domain.formats.playing import Play
from tests.domain.strategies import players
from tests.web.api_client import Caller
from tests.web.hall import Browser, Hall

HUGE = 10**25
DEEDS: Sequence[tuple[str, dict[str, object]]] = (
    ("matches/1/start/", {}),
    ("matches/1/score/", {"participant1_score": 2, "participant2_score": 1}),
    ("matches/1/confirm/", {"winner_id": 1, "walkover": True}),
    ("matches/1/correct/", {"participant1_score": 0, "participant2_score": 3, "policy": "cascade"}),
    ("matches/1/reopen/", {"policy": "cascade", "version": 1}),
    ("matches/1/reopen/", {"policy": "cascade"}),
    ("matches/1/void/", {"policy": "cascade", "preview": True}),
    ("matches/1/void/", {"policy": "cascade"}),
    ("matches/2/void/", {}),
    ("draw/", {"swap": [1, 2]}),
    ("draw/", {"swap": [1, 99]}),
    ("draw/", {"to_bye": [3, 1], "version": 1}),
    ("draw/", {"redraw": True}),
    ("participants/", {"name": "Late"}),
    ("participants/2/rename/", {"name": "Other"}),
    ("participants/2/replace/", {"name": "Sub"}),
    ("participants/3/withdraw/", {"policy": "void_all"}),
    ("participants/3/withdraw/", {"reason": "Ill"}),
    ("participants/3/reinstate/", {}),
    ("participants/3/conduct/", {"points": -3, "stage": 1}),
    ("stages/1/rounds/", {}),
    ("stages/1/unpair/", {}),
    ("stages/1/lots/", {"group": "A", "order": [2, 1]}),
    ("stages/7/proposal/", {}),
    ("postpone/", {"reason": "Rain", "until": "2026-12-01T10:00:00Z"}),
    ("cancel/", {"reason": "Flood"}),
    ("resume/", {}),
    ("archive/", {"archived": True}),
)

STATES: dict[str, Sequence[tuple[str, dict[str, object]]]] = {
    "pending": (),
    "cancelled": (("cancel/", {}),),
    "finished": (
        ("matches/1/confirm/", {"winner_id": 1, "walkover": True}),
        ("matches/2/confirm/", {"winner_id": 2, "walkover": True}),
        ("matches/3/confirm/", {"winner_id": 1, "walkover": True}),
    ),
}


@pytest.mark.parametrize("state", STATES)
async def test_it_is_done_or_refused(organiser: Caller, scorer: Caller, anyone: Caller, state: str) -> None:
    """First by those who may not, then by an organiser, in turn; a key is good for one answer."""
    number = await organiser.create(4)
    path = f"/api/tournaments/{number}/"
    for deed, body in STATES[state]:
        assert (await organiser.post(f"{path}{deed}", body)).status == 200
    for index, (deed, body) in enumerate(DEEDS):
        before = (await organiser.get(path)).json
        if state == "pending":
            assert (await anyone.post(f"{path}{deed}", body)).status == 401
        if state == "pending" and ("matches/1" not in deed or deed.endswith(("correct/", "void/"))):
            assert (await scorer.post(f"{path}{deed}", body)).status == 403
        keyed = organiser.with_headers(Idempotency_Key=f"{state}-{index}")
        answer = await keyed.post(f"{path}{deed}", body)
        assert answer.status < 500, (deed, answer.body)
        after = (await organiser.get(path)).json
        if answer.status >= 400:
            assert answer.json["detail"], deed
            assert after == before, deed
        elif not body.get("preview"):
            again = await keyed.post(f"{path}{deed}", body)
            assert (again.body, again.headers["Idempotency-Replayed"]) == (answer.body, "true")
            other = await keyed.post(f"{path}{deed}", body | {"nonsense": 1})
            assert other.status == 422
        assert (await organiser.get(path)).json == after, deed


def before_the_reset(play: Play) -> None:
    """A double elimination whose grand final is to be played again."""
    for match_id in (1, 2, 3, 4, 5):
        play.result(match_id, (2, 1))
    play.result(6, (0, 1))


def groups_and_a_semi_final(play: Play) -> None:
    """Groups that are over, and the first match that they feed under way."""
    while not play.tournament.ranks or len(play.tournament.agenda.ready) > 2:
        play.result(play.tournament.agenda.ready[0], (2, 1))
    play.do(StartMatch(match_id=play.tournament.agenda.ready[0]))


def half_a_round_robin(play: Play) -> None:
    """One that has been played, one that is, the rest to come."""
    play.result(1, (2, 1))
    play.do(StartMatch(match_id=2))


def second_round(play: Play) -> None:
    """A Swiss in its second round, one match of which has begun."""
    play.pair_next()
    for match_id in (1, 2):
        play.result(match_id, (2, 1))
    play.pair_next()
    play.do(StartMatch(match_id=play.tournament.agenda.ready[0]))


def to_the_end(play: Play) -> None:
    """Whatever is left; lots separate those whom nothing else does."""
    play.to_the_end(Random(3))
    for stage in play.tournament.stages:
        for group in stage.groups if stage.format.layout != "rounds" else ():
            play.do(DrawLots(stage=stage.number, group=group.name, order=group.members))
    play.to_the_end(Random(3))


WORLDS: dict[Callable[[Play], None], tuple[int, tuple[StageSettings, ...]]] = {
    before_the_reset: (4, (StageSettings(format="double_elimination"),)),
    groups_and_a_semi_final: (
        8,
        (
            StageSettings(format="round_robin", groups=2, advance=2),
            StageSettings(format="single_elimination", third_place=True),
        ),
    ),
    half_a_round_robin: (5, (StageSettings(format="round_robin"),)),
    second_round: (5, (StageSettings(format="swiss", rounds=3),)),
}
ON_THE_LAST: Sequence[tuple[str, dict[str, object]]] = (
    ("confirm/", {"walkover": True}),
    ("correct/", {"participant1_score": 0, "participant2_score": 3, "policy": "refuse"}),
    ("reopen/", {"to": "ready"}),
    ("reopen/", {"to": "live", "policy": "cascade"}),
    ("void/", {"policy": "cascade"}),
)


async def going(services: Services, number: int, how: Callable[[Play], object]) -> Tournament:
    """The tournament after what ``how`` plays in it, all in one transaction."""

    def answer(tournament: Tournament) -> list[Event]:
        play = Play.on(tournament)
        how(play)
        return play.log

    return (await record(services, number, answer, 1)).tournament


@pytest.mark.parametrize("world", WORLDS)
async def test_it_is_done_or_refused_in_every_format(
    organiser: Caller, hall: Hall, world: Callable[[Play], None]
) -> None:
    """In the middle of the play, where others hang on what is changed. Then it can be played to its end."""
    count, stages = WORLDS[world]
    wish = CreateTournament(name="Cup", entrants=players(count), stages=stages, seeding="given")
    number = (await create_tournament(hall.services, wish, 1, generate=True)).tournament.id
    state = await going(hall.services, number, world)
    last = state.agenda.live[0] if state.agenda.live else state.agenda.ready[0]
    path = f"/api/tournaments/{number}/"
    for deed, body in (*((f"matches/{last}/{deed}", body) for deed, body in ON_THE_LAST), *DEEDS):
        before = await hall.now(number)
        answer = await organiser.post(f"{path}{deed}", body)
        assert answer.status < 500, (deed, answer.body)
        after = await hall.now(number)
        if answer.status >= 400 or body.get("preview"):
            assert answer.status < 400 or answer.json["detail"], deed
            assert after == before, deed
    for deed in ("archive/", "resume/"):
        assert (await organiser.post(f"{path}{deed}", {})).status == 200
    over = await going(hall.services, number, to_the_end)
    assert over.status is TournamentStatus.COMPLETED


async def test_nothing_is_done_to_what_is_gone(hall: Hall, organiser: Caller, anna: Browser) -> None:
    """A draft that was deleted has no deeds left, nor has what never was."""
    wish = CreateTournament(name="Wrong", entrants=(EntrantLine(name="Ana"), EntrantLine(name="Bo")))
    draft = (await create_tournament(hall.services, wish, 1)).tournament.id
    assert (await organiser.delete(f"/api/tournaments/{draft}/")).status == 200
    for number in (draft, 10**6, HUGE):
        for deed, body in DEEDS:
            assert (await organiser.post(f"/api/tournaments/{number}/{deed}", body)).status == 404, deed
        for form in ("postpone/", "draw/swap/", "late/", "matches/1/void/", "participants/1/withdraw/"):
            fields = {"participant_id": "1", "other": "2", "name": "X"}
            assert (await anna.post(f"/staff/tournaments/{number}/{form}", fields)).status == 404, form


WILD: Sequence[tuple[str, dict[str, object]]] = (
    (f"matches/{HUGE}/void/", {}),
    (f"participants/{HUGE}/withdraw/", {}),
    (f"stages/{HUGE}/lots/", {"group": "A", "order": [1, 2]}),
    ("draw/", {"swap": [HUGE, 1]}),
    ("draw/", {"to_bye": [1, -1]}),
    ("draw/", {"redraw": True, "participants": [{"name": "x"}] * 1025}),
    ("stages/1/lots/", {"group": "A", "order": list(range(1, 20_000))}),
    ("stages/1/lots/", {"group": "A" * 10_000, "order": [1, 2]}),
    ("participants/1/conduct/", {"points": HUGE, "stage": 1}),
    ("matches/1/void/", {"reason": "x" * 100_000}),
    ("matches/1/void/", {"version": HUGE}),
    ("participants/1/rename/", {"name": "\u0000"}),
    ("cancel/", {"reason": "\ud7ff\u0000"}),
    ("postpone/", {"until": "0001-01-01T00:00:00+23:59"}),
    ("participants/", {"name": "Late", "seed": HUGE}),
)


async def test_what_is_too_large_or_nothing_is_refused(organiser: Caller) -> None:
    """In words, and nothing has happened."""
    number = await organiser.create(4)
    path = f"/api/tournaments/{number}/"
    before = (await organiser.get(path)).json
    for deed, body in WILD:
        answer = await organiser.post(f"{path}{deed}", body)
        assert answer.status in (404, 409, 413, 422), (deed, answer.body)
    assert (await organiser.get(path)).json == before


WILD_FORMS: Sequence[tuple[str, dict[str, str]]] = (
    ("draw/swap/", {"participant_id": str(HUGE), "other": "bye-" + "9" * 5000}),
    ("draw/again/", {"version": "9" * 5000}),
    ("late/", {"name": "x" * 10_000}),
    ("postpone/", {"until": "2026-11-26T18:00", "zone": "9" * 5000}),
    ("cancel/", {"reason": "\x00" * 201}),
    ("stages/1/lots/", {"group": "A", "order": "9" * 5000 + " x"}),
    ("stages/1/conduct/", {"participant_id": str(HUGE), "points": "-" + "9" * 5000}),
    ("matches/1/void/", {"version": "9" * 5000, "seen": "x"}),
    ("matches/1/reopen/", {"to": "x", "policy": "y"}),
    (f"matches/{HUGE}/void/", {}),
    (f"participants/{HUGE}/withdraw/", {}),
)


async def test_no_form_brings_it_down(anna: Browser, organiser: Caller) -> None:
    """Whatever a program fills in."""
    number = await organiser.create(4)
    before = (await organiser.get(f"/api/tournaments/{number}/")).json
    for form, fields in WILD_FORMS:
        answer = await anna.post(f"/staff/tournaments/{number}/{form}", fields)
        assert 400 <= answer.status < 500, (form, answer.text[:500])
    assert (await organiser.get(f"/api/tournaments/{number}/")).json == before


async def test_two_organisers_at_once(organiser: Caller, app: Quart) -> None:
    """Whatever both wish for in the same moment: each is done or refused, and the log tells the state."""
    other = await Caller.staff(app, "Otto", "organiser")
    number = await organiser.create(8)
    path = f"/api/tournaments/{number}/"
    chance = Random(4)
    for _ in range(8):
        wishes = [(each, *chance.choice(DEEDS)) for each in (organiser, other) for _ in range(3)]
        answers = await asyncio.gather(*(each.post(f"{path}{deed}", body) for each, deed, body in wishes))
        assert all(answer.status in (200, 201, 404, 409, 422) for answer in answers), answers
        await organiser.post(f"{path}resume/", {})
    services = cast(Context, app.extensions[EXTENSION]).services
    async with services.database.reading() as connection:
        log = await select_events(connection, number)
    assert [envelope.seq for envelope in log] == list(range(1, len(log) + 1))
    told = fold(number, (envelope.event for envelope in log))
    assert told == (await services.ledger.load(number)).tournament
