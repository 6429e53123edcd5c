"""Swiss: nobody meets twice, nobody has two byes, and the organiser has the last word."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py4swiss.trf.sections import PlayerSection

from quart_app.domain.commands import (
    AddParticipant,
    ConfirmResult,
    CreateTournament,
    PublishRound,
    ReinstateParticipant,
    StartMatch,
    UnpairRound,
    WithdrawParticipant,
)
from quart_app.domain.decisions import decide
from quart_app.domain.decisions.stages import contenders, question
from quart_app.domain.events import BracketUpdated, StageSettings
from quart_app.domain.fold import fold
from quart_app.domain.pairing import Caution, cautions, trf16
from quart_app.domain.pairing.ask import PairingAnswer
from quart_app.domain.pairing.dutch import propose
from quart_app.domain.pairing.history import Worth
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import Conflict, InvalidInput, PairingUnavailable, RoundConflict
from quart_app.show.views.table import table_view
from tests.domain.formats.playing import Play
from tests.domain.strategies import NOW, players


def swiss(count: int, rounds: int, **more: object) -> Play:
    """A Swiss, drawn."""
    return Play(count, StageSettings(format="swiss", rounds=rounds, **more))  # type: ignore[arg-type]


def played(play: Play) -> Counter[frozenset[int | None]]:
    """How often each pair has met; who has won without playing may still meet the other."""
    return Counter(
        frozenset(slot.participant_id for slot in match.slots)
        for match in play.tournament.matches.values()
        if match.result is not None and not match.result.walkover
    )


def can_be_paired(left: tuple[int, ...], met: set[frozenset[int | None]], byes: set[int]) -> bool:
    """Whether these can all be paired without a rematch; tried in every way."""
    if len(left) % 2:
        return any(can_be_paired(tuple(x for x in left if x != who), met, byes) for who in set(left) & byes)
    return not left or any(
        frozenset((left[0], other)) not in met
        and can_be_paired(tuple(x for x in left[1:] if x != other), met, byes)
        for other in left[1:]
    )


@settings(max_examples=25)
@given(st.integers(2, 64), st.integers(0, 2**32 - 1))
def test_nobody_meets_twice_or_has_two_byes(count: int, seed: int) -> None:
    """Everybody plays or has the bye in each round, over one more than make a winner certain; a round is
    refused only where it can be paired in no way, as happens to six in the fourth."""
    rounds = min(count - 1 + count % 2, count.bit_length() + 1)
    play = swiss(count, rounds)
    try:
        end = play.to_the_end(Random(seed), walkovers=0.05)
    except RoundConflict:
        assert count <= 6
        group = play.tournament.stages[0].groups[0]
        gifts = {each.participant_id for each in group.unplayed} | {
            match.result.winner_id
            for match in play.tournament.matches.values()
            if match.result is not None and match.result.walkover
        }
        assert not can_be_paired(group.members, set(played(play)), set(group.members) - gifts)
        return
    assert set(played(play).values()) <= {1}
    group = end.stages[0].groups[0]
    assert all(number == 1 for number in Counter(each.participant_id for each in group.unplayed).values())
    assert len(end.matches) == rounds * (count // 2)
    assert (end.status.value, group.complete) == ("completed", True)
    assert fold(7, play.log) == end


def test_the_first_round_is_the_top_against_the_bottom_half() -> None:
    """1–5, 6–2, 3–7, 8–4: sides change down the boards."""
    play = swiss(8, 3)
    play.pair_next()
    pairs = [tuple(slot.participant_id for slot in match.slots) for match in play.tournament.matches.values()]
    assert pairs == [(1, 5), (6, 2), (3, 7), (8, 4)]


def test_a_round_is_paired_when_the_one_before_is_over() -> None:
    """Until then there is nothing to pair, and after the last there is nothing more."""
    play = swiss(4, 2)
    play.pair_next()
    stage = play.tournament.stages[0]
    with pytest.raises(RoundConflict, match="not over"):
        question(play.tournament, stage, ())
    assert play.to_the_end(Random(1)).status.value == "completed"
    with pytest.raises(RoundConflict, match="All rounds"):
        question(play.tournament, play.tournament.stages[0], ())


def test_a_swiss_is_not_over_between_its_rounds() -> None:
    """Nothing is to be played, and still it is under way; nobody has won yet."""
    play = swiss(4, 2)
    play.pair_next()
    for match_id in list(play.tournament.matches):
        play.result(match_id, (1, 0))
    assert (play.tournament.status.value, play.tournament.champion) == ("active", None)


def test_a_round_can_be_taken_back_until_it_begins() -> None:
    """Then the table is as it was, and the round can be paired anew."""
    play = swiss(5, 3)
    before = play.tournament
    play.pair_next()
    assert play.tournament.stages[0].groups[0].table[0].points == 1  # the bye
    told = play.do(UnpairRound(stage=1))
    assert told[0].about == (1, 2)
    assert (play.tournament.matches, play.tournament.stages) == (before.matches, before.stages)
    play.pair_next()
    play.do(StartMatch(match_id=1))
    with pytest.raises(RoundConflict, match=r"Match 1\.1 has begun"):
        play.do(UnpairRound(stage=1))


def test_the_organiser_may_pair_otherwise() -> None:
    """Everybody once; what that breaks is told, and still published; a stale one is not."""
    play = swiss(4, 3)
    play.do(PublishRound(stage=1, pairs=((1, 2), (3, 4)), edited=True))
    for match_id in (1, 2):
        play.result(match_id, (1, 0))
    people = contenders(play.tournament, play.tournament.stages[0])
    assert list(cautions(people, [(1, 2), (3, 4)], [])) == [
        Caution("rematch", (1, 2)),
        Caution("rematch", (3, 4)),
    ]
    with pytest.raises(Conflict):
        play.do(PublishRound(stage=1, pairs=((1, 2), (3, 4)), version=1))
    play.do(PublishRound(stage=1, pairs=((1, 2), (3, 4)), version=play.tournament.seq))


def test_what_was_not_played_was_no_meeting() -> None:
    """Won by a forfeit it may be paired again, and gave nobody a side (FIDE C.04.1); but no bye after it."""
    play = swiss(4, 3)
    for pairs in (((1, 2), (3, 4)), ((1, 3), (2, 4))):
        play.do(PublishRound(stage=1, pairs=pairs, edited=True))
        for match_id in play.tournament.agenda.ready:
            first = play.tournament.matches[match_id].slots[0].participant_id
            play.do(ConfirmResult(match_id=match_id, winner_id=first, walkover=True))
    people = contenders(play.tournament, play.tournament.stages[0])
    assert list(cautions(people, [(1, 2), (3, 4)], [])) == []
    assert list(cautions(people, [], [1])) == [Caution("second_bye", (1,))]


@pytest.mark.parametrize(
    ("pairs", "byes", "absent", "field"),
    [
        (((1, 2),), (), (), "pairs"),
        (((1, 2), (3, 3)), (4,), (), "pairs"),
        (((1, 2), (3, 9)), (4,), (), "pairs"),
        (((1, 2), (3, 4)), (4,), (), "byes"),
        (((1, 2),), (3,), (3, 4), "absent"),
        ((), (1, 2, 3, 4), (), "pairs"),
    ],
)
def test_a_round_without_somebody_or_with_somebody_twice_is_refused(
    pairs: tuple[tuple[int, int], ...], byes: tuple[int, ...], absent: tuple[int, ...], field: str
) -> None:
    """By the list that is wrong."""
    with pytest.raises(InvalidInput) as refused:
        swiss(4, 3).do(PublishRound(stage=1, pairs=pairs, byes=byes, absent=absent))
    assert set(refused.value.problems) == {field}


def test_a_late_entry_joins_the_next_round() -> None:
    """With nothing for the rounds that were missed."""
    play = swiss(4, 3)
    play.pair_next()
    for match_id in (1, 2):
        play.result(match_id, (1, 0))
    play.do(AddParticipant(name="Eve"))
    play.do(AddParticipant(name="Finn"))
    play.pair_next()
    matches = list(play.tournament.matches.values())
    assert {5, 6} <= {slot.participant_id for match in matches[2:] for slot in match.slots}
    with pytest.raises(InvalidInput, match="could not tell them apart"):
        play.do(AddParticipant(name="eve"))


def test_who_is_absent_is_not_paired() -> None:
    """And scores nothing."""
    play = swiss(5, 3)
    stage = play.tournament.stages[0]
    pairs, byes = propose(*question(play.tournament, stage, (1,)))
    play.do(PublishRound(stage=1, pairs=pairs, byes=byes, absent=(1,)))
    assert byes == ()
    assert {row.participant_id: row.points for row in play.tournament.stages[0].groups[0].table}[1] == 0
    with pytest.raises(InvalidInput):
        question(play.tournament, stage, (9,))


def test_the_report_is_read_back() -> None:
    """Every line, by the library that pairs; a forfeit, a draw and a bye are what they were."""
    play = swiss(5, 3)
    play.pair_next()
    play.do(ConfirmResult(match_id=1, winner_id=1, walkover=True))
    play.result(2, (1, 1))
    text = trf16("Coupe d’été", contenders(play.tournament, play.tournament.stages[0]), 3, Worth())
    sections = [PlayerSection.from_string(line) for line in text.splitlines() if line.startswith("001")]
    assert [
        (each.starting_number, each.points_times_ten, each.results[0].result.value) for each in sections
    ] == [
        (1, 10, "+"),
        (2, 5, "="),
        (3, 0, "-"),
        (4, 5, "="),
        (5, 10, "U"),
    ]
    assert text.startswith("012 Coupe d?ete\n062 5\nXXR 3\n")


def test_a_report_tells_rounds_that_are_over() -> None:
    """Nobody who is still playing is told as absent."""
    play = swiss(4, 3)
    play.pair_next()
    play.result(1, (1, 0))
    assert [each.rounds for each in contenders(play.tournament, play.tournament.stages[0])] == [()] * 4
    play.result(2, (1, 0))
    assert {len(each.rounds) for each in contenders(play.tournament, play.tournament.stages[0])} == {1}


def gone(who: int) -> WithdrawParticipant:
    """The wish that somebody plays no more."""
    return WithdrawParticipant(participant_id=who)


def test_a_swiss_that_nobody_is_left_to_play_is_over() -> None:
    """With the rounds that it has: its table is final, and who leads it has won. It is told at once, said on
    the table, and goes on as soon as there are two."""
    play = swiss(4, 3)
    play.pair_next()
    for match_id in (1, 2):
        play.result(match_id, (1, 0))
    play.pair_next()
    play.result(3, (1, 0))
    play.do(gone(2))
    play.do(gone(4))
    assert play.tournament.status.value == "active"  # a match is still to be played
    told = play.do(gone(3))
    assert isinstance(told[-1], BracketUpdated)
    assert told[-1].bracket_status == "completed"
    stage = play.tournament.stages[0]
    first, second = stage.groups[0].table[:2]
    assert first.points > second.points
    assert play.tournament.champion == play.tournament.participants[first.participant_id]
    assert table_view(play.tournament, stage, 0).unplayed == "Round 3"
    with pytest.raises(RoundConflict, match="Fewer than two"):
        question(play.tournament, stage, ())
    back = play.do(ReinstateParticipant(participant_id=3))
    assert isinstance(back[-1], BracketUpdated)
    assert back[-1].bracket_status == "active"
    play.do(PublishRound(stage=1, pairs=((1, 3),)))
    play.result(5, (1, 0))
    assert play.tournament.status.value == "completed"
    assert fold(7, play.log) == play.tournament


def test_between_two_rounds_it_is_over_with_the_withdrawal() -> None:
    """Nobody moves, and the feed tells nevertheless; who joins late lets it go on."""
    play = swiss(3, 2)
    play.pair_next()
    play.result(1, (1, 0))
    play.do(gone(1))
    told = play.do(gone(2))
    assert [event.type for event in told] == ["participant_withdrawn", "bracket_updated"]
    assert play.tournament.status.value == "completed"
    told = play.do(AddParticipant(name="Eve"))
    assert [event.type for event in told] == ["participant_added", "bracket_updated"]
    assert play.pair_next()
    play.to_the_end(Random(1))
    with pytest.raises(RoundConflict, match="over"):
        play.do(AddParticipant(name="Finn"))


def test_what_follows_a_swiss_that_is_over_early_is_taken_back() -> None:
    """The walkovers of those who are out hinder nobody from coming back."""
    play = Play(
        6, StageSettings(format="swiss", rounds=3, advance=4), StageSettings(format="single_elimination")
    )
    play.pair_next()
    for match_id in play.tournament.agenda.ready:
        play.result(match_id, (1, 0))
    play.pair_next()
    for match_id in play.tournament.agenda.ready:
        play.result(match_id, (1, 0))
    before = play.tournament
    for who in (1, 2, 3, 4, 5):
        play.do(gone(who))
    assert play.tournament.stages[0].complete
    for who in (5, 4, 3, 2, 1):
        play.do(ReinstateParticipant(participant_id=who))
    assert play.tournament.stages == before.stages
    assert [m.status for m in play.tournament.matches.values()] == [m.status for m in before.matches.values()]


@pytest.mark.parametrize(("count", "rounds"), [(4, 0), (4, 4), (5, 6), (200, 31)])
def test_too_many_rounds_are_refused(count: int, rounds: int) -> None:
    """Or none."""
    stage = StageSettings(format="swiss", rounds=rounds)
    with pytest.raises(InvalidInput) as refused:
        decide(Tournament(7), CreateTournament(name="Cup", entrants=players(count), stages=(stage,)), NOW)
    assert set(refused.value.problems) == {"rounds"}


def test_without_the_library_a_swiss_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """None can be made there; and one that came with a backup says why it cannot be paired."""
    monkeypatch.setattr("quart_app.domain.formats.swiss.INSTALLED", False)
    with pytest.raises(InvalidInput, match="py4swiss could not be installed"):
        swiss(4, 2)


def test_a_round_that_cannot_be_paired_for_want_of_the_library_says_so() -> None:
    """The process that pairs answers instead of ending with a traceback."""
    play = swiss(4, 2)
    asked = msgspec.json.encode(question(play.tournament, play.tournament.stages[0], ()))
    without = "import sys; sys.modules['py4swiss'] = None; from runpy import run_module as run; "
    command = [sys.executable, "-c", without + "run('quart_app.domain.pairing', run_name='__main__')"]
    told = subprocess.run(command, input=asked, capture_output=True, check=True).stdout
    with pytest.raises(PairingUnavailable, match="py4swiss could not be installed"):
        msgspec.json.decode(told, type=PairingAnswer).given()
