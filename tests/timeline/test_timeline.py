"""A timeline: the one state of a tournament that a worker has, and what it keeps of the log."""

from __future__ import annotations

import gc
import tracemalloc

import msgspec
import pytest

from quart_app.domain.commands import CreateTournament, GenerateBracket
from quart_app.domain.events import Envelope, Event, decode_event, encode_event
from quart_app.domain.fold import fold
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.timeline.bound import Kept
from quart_app.timeline.timeline import Gap, Growth, Timeline
from tests.domain.strategies import at_random, players, step


def played(size: int = 8, seed: int = 1) -> list[Envelope]:
    """The log of a whole tournament."""
    log: list[Event] = []
    tournament = Tournament(7)
    for wish in (CreateTournament(name="Cup", entrants=players(size)), GenerateBracket()):
        tournament, events = step(tournament, wish)
        log += events
    while tournament.status is not TournamentStatus.COMPLETED:
        tournament, events = step(tournament, at_random(seed)(tournament))
        log += events
    return [
        Envelope(
            tournament_id=7,
            epoch="e",
            seq=seq,
            event=event,
            data=encode_event(event),
            at=f"2026-11-24T12:00:00.{seq % 1000:03}Z",
        )
        for seq, event in enumerate(log, 1)
    ]


LOG = played()


def timeline_of(log: list[Envelope], tail_max: int = 10_000) -> Timeline:
    """A timeline that was begun with a log."""
    timeline = Timeline(7, tail_max)
    timeline.begin("e", log)
    return timeline


def test_it_grows_by_what_follows_and_passes_over_what_it_knows() -> None:
    """A repetition, in part or whole, is no news; the follower hears each event once."""
    timeline = timeline_of(LOG[:5])
    heard: list[Growth] = []
    timeline.follower = heard.append
    for log in (LOG[3:9], LOG[:9], LOG[9:], LOG):
        timeline.extend(log)
    told = [entry.envelope.seq for growth in heard for entry in growth.entries]
    assert told == list(range(6, len(LOG) + 1))
    assert (timeline.state, timeline.head) == (fold(7, (each.event for each in LOG)), len(LOG))


@pytest.mark.parametrize("change", [{"data": b"{}"}, {"at": "2026-11-24T13:00:00.000Z"}])
def test_other_bytes_under_a_known_seq_are_a_gap(change: dict[str, object]) -> None:
    """Not passed over: the log is another one, or ours is; it is doubted until it has been read."""
    timeline = timeline_of(LOG[:9])
    with pytest.raises(Gap):
        timeline.extend([msgspec.structs.replace(LOG[6], **change)])
    assert (timeline.doubted, timeline.head) == (True, 9)


@pytest.mark.parametrize("told", [LOG[10:12], [msgspec.structs.replace(LOG[9], epoch="f")]])
def test_a_hole_and_another_epoch_are_gaps(told: list[Envelope]) -> None:
    """What came before the gap is taken in."""
    timeline = timeline_of(LOG[:8])
    with pytest.raises(Gap):
        timeline.extend([LOG[8], *told])
    assert timeline.head == 9


def test_a_tail_is_cut_and_the_state_stays() -> None:
    """However long the log, no more than its bound and a quarter is kept."""
    timeline = timeline_of([], tail_max=8)
    for envelope in LOG:
        timeline.extend([envelope])
        assert len(timeline.tail) <= 10
    assert (timeline.state, timeline.oldest) == (timeline_of(LOG).state, len(LOG) - len(timeline.tail))


def test_the_story_of_a_match_is_where_it_is_told() -> None:
    """The seqs of its own events, also of those that are not kept any more."""
    timeline = timeline_of(LOG, tail_max=4)
    for match_id in timeline.state.matches:
        own = [each.seq for each in LOG if match_id in each.event.about]
        assert timeline.story(match_id, len(LOG)) == own
        assert timeline.story(match_id, 9) == [seq for seq in own if seq <= 9]
        assert timeline.kept(own) == (None if own[0] <= timeline.oldest else [LOG[seq - 1] for seq in own])


def test_revisions_rise_and_name_the_event_that_changed_the_part() -> None:
    """At every step, for each part: the seq of the last event before and after which it was another
    object."""
    timeline = timeline_of(LOG[:1])
    last = dict(timeline.state.revisions)
    for envelope in LOG[1:]:
        (entry,) = timeline.extend([envelope])
        now = timeline.state.revisions
        assert all(now[part] >= seq for part, seq in last.items())
        assert {part for part, seq in now.items() if seq == envelope.seq} <= entry.parts
        last = dict(now)


def test_the_size_is_about_what_it_takes() -> None:
    """Within a third of what the memory says, for a log of many matches."""
    raw = [(each.event.type, each.event.version, bytes(each.data), each.at) for each in played(64)]
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    log = [
        Envelope(
            tournament_id=7,
            epoch="e",
            seq=seq,
            event=decode_event(kind, version, data),
            data=bytes(bytearray(data)),
            at=f"{at}",
        )
        for seq, (kind, version, data, at) in enumerate(raw, 1)
    ]
    timeline = timeline_of(log)
    del log
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.66 < timeline.size / taken < 1.5


def test_those_whose_logs_cannot_be_read_are_kept_within_it_too() -> None:
    """Each costs a little, though nothing has come into it."""
    kept = Kept(100_000, 10_000)
    for tournament_id in range(1, 1_001):
        kept.use(tournament_id)
    kept.trim()
    assert (0 < len(kept) < 100, kept.size <= 100_000) == (True, True)


def test_those_that_nobody_follows_stay_within_their_bound() -> None:
    """The longest unused go first; those that somebody follows never, and they leave the others all their
    room, however much they take."""
    one = timeline_of(LOG).size
    followed = 9 * one
    kept = Kept(int(3.5 * one), 10_000)
    for tournament_id in range(1, 11):
        timeline = kept.use(tournament_id)
        timeline.state = Tournament(tournament_id)
        timeline.tail, timeline._tail_bytes = [], one
        if tournament_id == 2:
            timeline.follower = lambda growth: None
            timeline._tail_bytes = followed
        kept.count(timeline)
        kept.trim()
    left = [number for number in range(1, 11) if kept.get(number) is not None]
    assert (left, kept.size - followed <= 3.6 * one) == ([2, 8, 9, 10], True)
