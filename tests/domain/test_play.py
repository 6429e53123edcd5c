"""What holds in every tournament, whoever wins and in whatever order: played to the end at random."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.commands import ConfirmResult, CreateTournament, GenerateBracket
from quart_app.domain.decisions import decide
from quart_app.domain.events import (
    MAIN,
    THIRD_PLACE,
    BracketUpdated,
    Event,
    MatchCompleted,
    MatchStarted,
    decode_event,
    encode_event,
)
from quart_app.domain.fold import apply, fold
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.errors import AppError
from tests.domain.strategies import (
    NOW,
    Chooser,
    Step,
    after,
    at_random,
    choosers,
    created,
    creations,
    drawn,
    in_order,
    log_of,
    on_place,
    play,
    players,
    sizes,
    step,
    wishes,
)

any_order = choosers()
"""Every match is played."""

with_walkovers = choosers(walkover=0.1)
with_no_shows = choosers(walkover=0.1, double_walkover=0.1)


def finished(command: CreateTournament, chooser: Chooser) -> Tournament:
    return fold(7, log_of(command, chooser))


def reread(log: list[Event]) -> Iterator[Event]:
    for event in log:
        yield decode_event(event.type, event.version, encode_event(event))


def transitions(
    command: CreateTournament, chooser: Chooser
) -> Iterator[tuple[Tournament, Event, Tournament]]:
    """Each event of a tournament between the states before and after it."""
    before = created(command)
    for _, events in play(before, chooser):
        for event in events:
            following = apply(before, event)
            yield before, event, following
            before = following


@given(creations() | creations(byes=True), with_walkovers)
def test_there_is_exactly_one_champion(command: CreateTournament, chooser: Chooser) -> None:
    """Everybody but the champion has lost a match of the main bracket, once."""
    end = finished(command, chooser)
    results = [match.result for match in end.matches.values() if match.plan.stage == MAIN and match.result]
    unbeaten = [*end.participants]
    for result in results:
        assert result.loser_id is not None
        unbeaten.remove(result.loser_id)
    assert [end.champion.id if end.champion else None] == unbeaten


@given(creations(), with_walkovers)
def test_n_minus_1_matches_are_decided(command: CreateTournament, chooser: Chooser) -> None:
    """And one more where the third place is played; a bye is none."""
    end = finished(command, chooser)
    decided = [match for match in end.matches.values() if match.played and match.decided]
    assert len(decided) == len(end.participants) - 1 + command.third_place


@given(creations(byes=True), any_order)
def test_byes_of_the_organisers_own_leave_n_minus_1_matches(
    command: CreateTournament, chooser: Chooser
) -> None:
    """Wherever the byes stand, the main bracket has a match for each who goes out."""
    end = finished(command, chooser)
    played = [match for match in end.matches.values() if match.played and match.plan.stage == MAIN]
    assert len(played) == len(end.participants) - 1


@given(creations() | creations(byes=True), with_no_shows)
def test_nobody_plays_after_losing(command: CreateTournament, chooser: Chooser) -> None:
    """But the semi-final losers for the third place."""
    beaten: set[int | None] = set()
    for before, event, _ in transitions(command, chooser):
        if isinstance(event, MatchStarted):
            stage = before.matches[event.match_id].plan.stage
            back = beaten & {event.participant1_id, event.participant2_id}
            assert stage == THIRD_PLACE or not back
        elif isinstance(event, MatchCompleted):
            beaten |= {slot.participant_id for slot in before.matches[event.match_id].slots}
            beaten -= {event.winner_id}


@given(creations(), any_order)
def test_byes_never_meet(command: CreateTournament, chooser: Chooser) -> None:
    """While there is a real opponent: at no time has a match two byes."""
    for _, _, state in transitions(command, chooser):
        assert not any(match.slots[0].bye and match.slots[1].bye for match in state.matches.values())


@given(creations(), any_order)
def test_the_pairs_are_those_of_a_knock_out(command: CreateTournament, chooser: Chooser) -> None:
    """Round after round, neighbours of the draw meet and the winners stay in place: told from the results
    alone, without the graph."""
    log = log_of(command, chooser)
    end = fold(7, log)
    won = {(result.winner_id, result.loser_id) for m in end.matches.values() if (result := m.result)}
    lines = [
        slot.participant
        for m in map(end.matches.__getitem__, end.rounds[0].match_ids)
        if m.plan.stage == MAIN
        for slot in m.plan.slots
    ]
    for round_ in end.rounds:
        pairs = [tuple(lines[line : line + 2]) for line in range(0, len(lines), 2)]
        met = [
            tuple(slot.participant_id for slot in match.slots)
            for match in map(end.matches.__getitem__, round_.match_ids)
            if match.plan.stage == MAIN
        ]
        assert met == pairs
        lines = [a if b is None or (a, b) in won else b for a, b in pairs]
    assert lines == [end.champion.id if end.champion else None]


@given(creations(), any_order)
def test_the_semi_final_losers_play_for_the_third_place(command: CreateTournament, chooser: Chooser) -> None:
    """Third is neither champion nor runner-up, and lost to one of them."""
    end = finished(command, chooser)
    if not command.third_place:
        assert on_place(end, 3) is None
        return
    finalists = {player.id for player in (end.champion, on_place(end, 2)) if player}
    third = third_placed.id if (third_placed := on_place(end, 3)) else None
    beaten_by = {r.winner_id for m in end.matches.values() if (r := m.result) and r.loser_id == third}
    assert beaten_by
    assert beaten_by <= finalists


@given(creations() | creations(byes=True), with_no_shows)
def test_it_always_ends(command: CreateTournament, chooser: Chooser) -> None:
    """Completed, nothing open, whoever failed to appear."""
    end = finished(command, chooser)
    assert end.status is TournamentStatus.COMPLETED
    assert all(match.decided for match in end.matches.values())


@given(creations() | creations(byes=True), with_no_shows)
def test_the_fold_of_the_log_is_the_state(command: CreateTournament, chooser: Chooser) -> None:
    """After every event, the log read back from its bytes folds to the state that the decision saw."""
    refolded = fold(7, reread([*step(Tournament(7), command)[1]]))
    for state, events in play(created(command), chooser):
        refolded = reduce(apply, reread([*events]), refolded)
        assert refolded == state


@given(creations() | creations(byes=True), with_no_shows)
def test_a_log_reencodes_to_the_same_bytes(command: CreateTournament, chooser: Chooser) -> None:
    """Decoded and encoded again, each event is byte for byte what it was."""
    log = log_of(command, chooser)
    assert [encode_event(event) for event in reread(log)] == [encode_event(event) for event in log]


@given(creations(), with_no_shows)
def test_seq_counts_the_events(command: CreateTournament, chooser: Chooser) -> None:
    """Each event raises it by exactly one."""
    assert finished(command, chooser).seq == len(log_of(command, chooser))


@given(creations(most=17) | creations(most=17, byes=True), with_no_shows)
def test_a_version_says_when_a_match_changed(command: CreateTournament, chooser: Chooser) -> None:
    """A match that an event changes takes its seq for version; every other keeps the version that it had."""
    for before, _, state in transitions(command, chooser):
        for match_id, match in before.matches.items():
            now = state.matches[match_id]
            assert (now.version == state.seq) == (now != match)


@given(creations(most=17) | creations(most=17, byes=True), with_no_shows)
def test_bracket_updated_tells_what_the_result_moved(command: CreateTournament, chooser: Chooser) -> None:
    """Its nodes are the matches whose slots changed, its next matches those of them without a result."""
    for before, events in pairwise_steps(command, chooser):
        told = events[-1]
        if not isinstance(told, BracketUpdated):
            continue
        state = apply(before, events[0])
        moved = [m for m in state.matches.values() if m.slots != before.matches[m.match_id].slots]
        assert told.updated_nodes == tuple(match.match_id for match in moved)
        assert [(n.match_id, n.participant1_id, n.participant2_id) for n in told.next_matches] == [
            (m.match_id, m.slots[0].participant_id, m.slots[1].participant_id) for m in moved
        ]


def pairwise_steps(command: CreateTournament, chooser: Chooser) -> Iterator[Step]:
    """The state before each wish, with the wish's events."""
    before = created(command)
    for state, events in play(before, chooser):
        yield before, events
        before = state


@given(creations(), with_no_shows)
def test_a_decision_changes_nothing_by_itself(command: CreateTournament, chooser: Chooser) -> None:
    """It is pure: asked twice it answers the same, and the state it saw is still what its log says."""
    state = created(command)
    log: list[Event] = [*step(Tournament(7), command)[1]]
    for _ in range(12):
        if state.status is TournamentStatus.COMPLETED:
            return
        wish = GenerateBracket() if state.status is TournamentStatus.DRAFT else chooser(state)
        events = decide(state, wish, NOW, 1)
        assert decide(state, wish, NOW, 1) == events
        assert state == fold(7, log)
        state = after(state, wish)
        log += events


@given(creations(most=9) | creations(most=9, byes=True), st.data())
def test_any_wish_gets_events_or_a_refusal(command: CreateTournament, data: st.DataObject) -> None:
    """Whatever is wished, in whatever order: an error of ours says no, or the events fold and encode."""
    state = step(created(command), GenerateBracket())[0]
    for wish in data.draw(st.lists(wishes(len(state.matches)), max_size=30)):
        try:
            state, events = step(state, wish)
        except AppError:
            continue
        assert [*reread([*events])] == [*events]


@given(creations(), with_no_shows)
def test_the_rounds_progress_to_all_played(command: CreateTournament, chooser: Chooser) -> None:
    """Progress never runs backwards or past the total; at the end every round is complete."""
    before = [0] * 10
    for _, _, state in transitions(command, chooser):
        completed = [round_.completed for round_ in state.rounds]
        assert all(now >= then for now, then in zip(completed, before, strict=False))
        before = completed
        assert all(round_.completed <= round_.played for round_ in state.rounds)
    end = finished(command, chooser)
    assert all(round_.completed == round_.played for round_ in end.rounds)


@given(creations(), any_order)
def test_the_status_only_goes_forward(command: CreateTournament, chooser: Chooser) -> None:
    """Pending with the bracket, active with the first match, completed with the last."""
    seen = [state.status.value for _, _, state in transitions(command, chooser)]
    order = ["pending", "active", "completed"]
    assert seen == sorted(seen, key=order.index)
    assert list(dict.fromkeys(seen)) == order


@given(creations(), any_order)
def test_the_live_matches_are_those_begun_and_not_settled(
    command: CreateTournament, chooser: Chooser
) -> None:
    """Counted from the events."""
    live: set[int] = set()
    for _, event, state in transitions(command, chooser):
        if isinstance(event, MatchStarted):
            live.add(event.match_id)
        elif isinstance(event, MatchCompleted):
            live.discard(event.match_id)
        assert list(state.agenda.live) == sorted(live)


@settings(max_examples=8)
@given(sizes(1024), st.sampled_from(["standard", "given"]), st.booleans(), with_walkovers)
def test_any_size_has_its_champion(count: int, seeding: str, third_place: bool, chooser: Chooser) -> None:
    """Up to 1024: n - 1 matches, one champion, and the log says the same."""
    third_place = third_place and count >= 4
    command = CreateTournament(name="Cup", entrants=players(count), seeding=seeding, third_place=third_place)
    log = log_of(command, chooser)
    end = fold(7, reread(log))
    assert sum(isinstance(event, MatchCompleted) for event in log) == count - 1 + third_place
    assert end.champion is not None


@pytest.mark.serial
def test_1024_players_play_through_in_seconds() -> None:
    """1024 players, 1024 matches, 4099 events: decided, applied, encoded, decoded and folded."""
    command = CreateTournament(name="Cup", entrants=players(1024), third_place=True)
    begun = time.perf_counter()
    log = log_of(command, in_order)
    end = fold(7, reread(log))
    assert time.perf_counter() - begun < 10
    assert (len(log), end.status) == (3 + 4 * 1024, TournamentStatus.COMPLETED)


@pytest.mark.parametrize("count", range(2, 34))
def test_the_favourites_win_where_side_1_always_does(count: int) -> None:
    """With standard seeding the top of the draw is the first seed's; third is who lost to them before."""
    bracket = drawn(players(count), seeding="standard", third_place=count >= 4)
    *_, (end, _) = play(bracket, in_order)
    assert end.champion == bracket.participants[1]


def test_a_double_walkover_of_the_final_leaves_no_champion() -> None:
    """Both out: the tournament is over, and nobody has won it."""
    end = after(drawn(players(2)), ConfirmResult(match_id=1, walkover=True))
    assert (end.status, end.champion, on_place(end, 2)) == (TournamentStatus.COMPLETED, None, None)


def test_a_double_walkover_of_both_semi_finals_leaves_no_final() -> None:
    """Two byes meet, because no real opponent was possible."""
    absent = [ConfirmResult(match_id=match_id, walkover=True) for match_id in (1, 2)]
    end = after(drawn(players(4)), *absent)
    assert (end.matches[3].status, end.champion) == (MatchStatus.BYE, None)


def test_the_same_seed_plays_the_same_tournament() -> None:
    """The hand that plays at random can be repeated, so that a failure can."""
    command = CreateTournament(name="Cup", entrants=players(9))
    assert log_of(command, at_random(5)) == log_of(command, at_random(5))
