"""What the log and the feed hold: the contract's keys, bytes that last, and refusals to misread."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from quart_app.domain.commands import ConfirmResult, CreateTournament
from quart_app.domain.events import (
    EVENT_TYPES,
    BracketGenerated,
    DamagedEvent,
    Envelope,
    Event,
    UnknownEvent,
    decode_event,
    encode_event,
    rfc3339,
)
from quart_app.domain.fold import apply, fold
from quart_app.domain.state.tournament import Tournament
from tests.domain.strategies import after, drawn, in_order, log_of, players, step, won
from tests.feed_contract import CONTRACT

OLD_LOG = [
    (
        "tournament_created",
        '{"tournament_id":7,"name":"Coupe d’été","format":"single_elimination","seeding":"given",'
        '"third_place":false,"visibility":"public","created_at":"2026-11-24T12:30:15.250Z"}',
    ),
    (
        "participants_registered",
        '{"tournament_id":7,"entrants":[{"id":1,"name":"Anna","seed":1},{"id":null,"name":null},'
        '{"id":2,"name":"Berta"},{"id":3,"name":"Carla"}],"registered_at":"2026-11-24T12:30:15.250Z"}',
    ),
    (
        "bracket_generated",
        '{"tournament_id":7,"bracket_id":1,"rounds":["Semi-finals","Final"],"matches":['
        '{"match_id":1,"stage":"main","round":1,"position":1,"slots":[{"participant":1},{"bye":true}]},'
        '{"match_id":2,"stage":"main","round":1,"position":2,"slots":[{"participant":2},{"participant":3}]},'
        '{"match_id":3,"stage":"main","round":2,"position":1,"slots":[{"winner_of":1},{"winner_of":2}]}'
        '],"generated_at":"2026-11-24T12:30:15.250Z"}',
    ),
    (
        "visibility_changed",
        '{"tournament_id":7,"visibility":"private","changed_at":"2026-11-24T12:30:15.250Z"}',
    ),
    (
        "match_started",
        '{"tournament_id":7,"match_id":2,"participant1_id":2,"participant1_name":"Berta",'
        '"participant2_id":3,"participant2_name":"Carla","scheduled_time":null,"bracket_round":1,'
        '"bracket_position":2}',
    ),
    (
        "score_updated",
        '{"tournament_id":7,"match_id":2,"participant1_score":1,"participant2_score":1,'
        '"updated_at":"2026-11-24T12:30:15.250Z","updated_by":1}',
    ),
    (
        "match_completed",
        '{"tournament_id":7,"match_id":2,"winner_id":3,"winner_name":"Carla","loser_id":2,'
        '"loser_name":"Berta","participant1_score":1,"participant2_score":1,'
        '"confirmed_at":"2026-11-24T12:30:15.250Z","confirmed_by":null,"participant1_tiebreak":3,'
        '"participant2_tiebreak":4,"notes":"Penalties"}',
    ),
    (
        "bracket_updated",
        '{"tournament_id":7,"bracket_id":1,"updated_nodes":[3],"next_matches":[{"match_id":3,"round":2,'
        '"position":1,"participant1_id":1,"participant2_id":3}],"bracket_status":"active",'
        '"updated_at":"2026-11-24T12:30:15.250Z"}',
    ),
    (
        "match_completed",
        '{"tournament_id":7,"match_id":3,"winner_id":1,"winner_name":"Anna","loser_id":3,'
        '"loser_name":"Carla","participant1_score":null,"participant2_score":null,'
        '"confirmed_at":"2026-11-24T12:30:15.250Z","confirmed_by":1,"walkover":true}',
    ),
]
"""A log as version 1 wrote it: every kind of event. It must be readable for ever; do not edit it."""


STAGES_LOG = [
    (
        "round_paired",
        '{"tournament_id":7,"stage":1,"round":1,"matches":[{"match_id":1,"stage":"main","round":1,"position":1,'
        '"slots":[{"participant":1},{"participant":3}],"label":"1.1","group":"A"}],"byes":[2],'
        '"paired_at":"2026-11-24T18:00:00.000Z","absent":[4],"ruleset":"fide_dutch","edited":true}',
    ),
    (
        "round_unpaired",
        '{"tournament_id":7,"stage":1,"round":1,"match_ids":[1],"unpaired_at":"2026-11-24T18:00:00.000Z"}',
    ),
    (
        "lots_drawn",
        '{"tournament_id":7,"stage":1,"group":"A","order":[2,1],"drawn_at":"2026-11-24T18:00:00.000Z"}',
    ),
    (
        "conduct_recorded",
        '{"tournament_id":7,"stage":1,"participant_id":2,"points":-4,"recorded_at":"2026-11-24T18:00:00.000Z"}',
    ),
    (
        "participant_added",
        '{"tournament_id":7,"participant_id":5,"name":"Eve","seed":null,"added_at":"2026-11-24T18:00:00.000Z"}',
    ),
]
"""An event of each kind that came with stages, as the first version that knew them wrote it."""

CHANGES_LOG = [
    (
        "match_reopened",
        '{"tournament_id":7,"match_id":1,"to":"ready","reopened_at":"2026-11-25T18:00:00.000Z","reopened_by":1,'
        '"because":"Misheard","cause_match_id":2}',
    ),
    (
        "participant_renamed",
        '{"tournament_id":7,"participant_id":2,"name":"Eve","renamed_at":"2026-11-25T18:00:00.000Z",'
        '"renamed_by":1}',
    ),
    (
        "participant_replaced",
        '{"tournament_id":7,"participant_id":2,"name":"Eve","replaced_at":"2026-11-25T18:00:00.000Z",'
        '"replaced_by":1}',
    ),
    (
        "participant_withdrawn",
        '{"tournament_id":7,"participant_id":2,"withdrawn_at":"2026-11-25T18:00:00.000Z","withdrawn_by":1,'
        '"policy":"void_all","because":"Ill","disqualified":true}',
    ),
    (
        "participant_reinstated",
        '{"tournament_id":7,"participant_id":2,"reinstated_at":"2026-11-25T18:00:00.000Z","reinstated_by":1}',
    ),
    (
        "match_voided",
        '{"tournament_id":7,"match_id":1,"voided_at":"2026-11-25T18:00:00.000Z","voided_by":1,'
        '"because":"Not wanted"}',
    ),
    (
        "tournament_postponed",
        '{"tournament_id":7,"postponed_at":"2026-11-25T18:00:00.000Z","postponed_by":1,"because":"Rain",'
        '"until":"2026-11-26T18:00:00.000Z"}',
    ),
    (
        "tournament_cancelled",
        '{"tournament_id":7,"cancelled_at":"2026-11-25T18:00:00.000Z","cancelled_by":1,"because":"Rain"}',
    ),
    (
        "tournament_resumed",
        '{"tournament_id":7,"resumed_at":"2026-11-25T18:00:00.000Z","resumed_by":1}',
    ),
    (
        "tournament_archived",
        '{"tournament_id":7,"archived_at":"2026-11-25T18:00:00.000Z","archived_by":1,"archived":false}',
    ),
    (
        "tournament_deleted",
        '{"tournament_id":7,"deleted_at":"2026-11-25T18:00:00.000Z","deleted_by":1}',
    ),
]
"""An event of each kind that came after those, as the first version that knew it wrote it."""


def of_type(log: list[Event], name: str) -> Event:
    return next(event for event in log if event.type == name)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_events_of_play_have_the_contracts_keys(name: str) -> None:
    """Exactly those, none more and none fewer, where nothing special happened."""
    log = log_of(CreateTournament(name="Cup", entrants=players(4)), in_order)
    assert set(json.loads(encode_event(of_type(log, name)))) == CONTRACT[name]


def test_a_walkover_adds_keys_and_takes_none() -> None:
    """What is special comes in keys of its own."""
    _, events = step(drawn(players(2)), ConfirmResult(match_id=1, winner_id=1, notes="Ill"))
    assert set(json.loads(encode_event(events[0]))) == CONTRACT["match_completed"] | {"walkover", "notes"}


def test_next_matches_have_the_contracts_keys() -> None:
    """Where players go next, an unknown opponent as null."""
    log = log_of(CreateTournament(name="Cup", entrants=players(4)), in_order)
    (following,) = json.loads(encode_event(of_type(log, "bracket_updated")))["next_matches"]
    assert following == {
        "match_id": 3,
        "round": 2,
        "position": 1,
        "participant1_id": 1,
        "participant2_id": None,
    }


def test_an_old_log_can_be_read() -> None:
    """What version 1 logged still folds to the same tournament."""
    tournament = fold(7, (decode_event(name, 1, data) for name, data in OLD_LOG))
    assert tournament.champion == tournament.participants[1]
    assert (tournament.status.value, tournament.seq, tournament.name) == ("completed", 9, "Coupe d’été")


@pytest.mark.parametrize(("name", "data"), OLD_LOG)
def test_an_old_event_keeps_its_bytes(name: str, data: str) -> None:
    """Decoded and encoded, every kind of event of the same version is byte for byte what it was."""
    if EVENT_TYPES[name].version == 1:
        assert encode_event(decode_event(name, 1, data)) == data.encode()


def test_an_old_plan_gets_its_words() -> None:
    """Version 1 of a drawn bracket left the short names to whoever showed it; they are in the plan now."""
    generated = decode_event("bracket_generated", 1, dict(OLD_LOG)["bracket_generated"])
    assert isinstance(generated, BracketGenerated)
    labels = [plan.label for plan in generated.matches]
    assert (generated.short_rounds, labels) == (("SF", "Final"), ["SF 1", "SF 2", "Final"])


@pytest.mark.parametrize(("name", "data"), OLD_LOG)
def test_an_event_is_one_line(name: str, data: str) -> None:
    """So that a frame needs one data line."""
    assert b"\n" not in encode_event(decode_event(name, 1, data))


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_kind_of_event_is_in_a_log(name: str) -> None:
    """A new kind has to be added to one of them, or its bytes would be watched by nothing."""
    assert name in dict(OLD_LOG) | dict(STAGES_LOG) | dict(CHANGES_LOG)


@pytest.mark.parametrize(("name", "data"), STAGES_LOG + CHANGES_LOG)
def test_an_event_of_stages_keeps_its_bytes(name: str, data: str) -> None:
    """Byte for byte what the first version with stages wrote."""
    assert encode_event(decode_event(name, EVENT_TYPES[name].version, data)) == data.encode()


@pytest.mark.parametrize(("name", "data"), OLD_LOG)
def test_unknown_fields_are_refused(name: str, data: str) -> None:
    """A log that is misread quietly is worse than one that is not read."""
    with pytest.raises(UnknownEvent, match="unknown field") as refusal:
        decode_event(name, 1, data[:-1] + ',"colour":"red"}')
    assert refusal.type is UnknownEvent  # a newer version adds fields without raising the event's


@pytest.mark.parametrize(
    "data",
    [
        OLD_LOG[1][1].replace('"seed":1', '"sead":1'),
        OLD_LOG[2][1].replace('"bye":true', '"by":true'),
        OLD_LOG[2][1].replace('"round":1', '"lap":1'),
        OLD_LOG[7][1].replace('"position":1', '"place":1'),
    ],
)
def test_unknown_fields_deep_inside_are_refused(data: str) -> None:
    """In entrants, slots, matches and next matches as well."""
    name = next(name for name, old in OLD_LOG if old[:40] == data[:40])
    with pytest.raises(UnknownEvent):
        decode_event(name, 1, data)


@pytest.mark.parametrize(("name", "data"), OLD_LOG)
def test_a_newer_version_is_refused(name: str, data: str) -> None:
    """What a later program wrote may mean something else; the message says that it is newer."""
    with pytest.raises(UnknownEvent, match="newer than this program") as refusal:
        decode_event(name, EVENT_TYPES[name].version + 1, data)
    assert refusal.type is UnknownEvent


def test_an_unknown_kind_is_refused() -> None:
    """Its name is in the message."""
    with pytest.raises(UnknownEvent, match="match_cancelled"):
        decode_event("match_cancelled", 1, b"{}")


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b"{", b"\xff", OLD_LOG[5][1].replace(":7", ':"7"'), OLD_LOG[5][1] + "x"],
)
def test_broken_data_is_refused(data: bytes | str) -> None:
    """Missing fields, wrong types and no JSON at all: no newer version wrote it."""
    with pytest.raises(DamagedEvent):
        decode_event("score_updated", 1, data)


def test_an_event_belongs_to_its_tournament() -> None:
    """Folded into another one it is an error, never a quiet change."""
    foreign = decode_event("visibility_changed", 1, OLD_LOG[3][1])
    with pytest.raises(ValueError, match="tournament 7 applied to 8"):
        apply(Tournament(8), foreign)


def test_an_event_cannot_be_changed() -> None:
    """A fact is a fact."""
    event = decode_event("visibility_changed", 1, OLD_LOG[3][1])
    with pytest.raises(AttributeError):
        event.tournament_id = 8  # type: ignore[misc]


def test_applying_leaves_the_state_before_as_it_was() -> None:
    """Each state is a value; a reader may keep an old one."""
    before = drawn(players(2))
    after(before, *won(1))
    assert before == drawn(players(2))


def test_an_envelopes_id_is_epoch_and_seq() -> None:
    """As the feed writes it."""
    event = decode_event("visibility_changed", 1, OLD_LOG[3][1])
    envelope = Envelope(
        tournament_id=7, epoch="9f2c41", seq=57, event=event, data=encode_event(event), at="", actor_id=None
    )
    assert envelope.id == "9f2c41-57"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 24, 12, 30, 15, 250_999, tzinfo=UTC), "2026-11-24T12:30:15.250Z"),
        (datetime(2026, 11, 24, tzinfo=UTC), "2026-11-24T00:00:00.000Z"),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T23:00:00.000Z"),
    ],
)
def test_moments_are_rfc_3339(moment: datetime, text: str) -> None:
    """UTC, milliseconds, Z."""
    assert rfc3339(moment) == text
