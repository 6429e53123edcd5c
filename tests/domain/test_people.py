"""Names mended, substitutes, who goes home, and who comes back: in any format, at any moment."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from quart_app.domain import commands
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.events import BracketUpdated, Envelope, Event, MatchCompleted, StageSettings
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput, NotFound, ParticipantConflict, PlayersAffected
from quart_app.show.views.story import match_page
from tests.domain.formats.playing import Play
from tests.domain.strategies import AT

GROUPS = StageSettings(format="round_robin", groups=2, advance=1)
FINAL = StageSettings(format="single_elimination")


def gone(who: int, **more: object) -> commands.WithdrawParticipant:
    """The wish that somebody plays no more."""
    return commands.WithdrawParticipant(participant_id=who, **more)  # type: ignore[arg-type]


def enveloped(events: Iterable[Event]) -> list[Envelope]:
    """The events as a log has them."""
    return [
        Envelope(tournament_id=7, epoch="e", seq=seq, event=event, data=b"", at=AT, actor_id=1)
        for seq, event in enumerate(events, start=1)
    ]


def statuses(tournament: Tournament) -> list[str]:
    """How all matches stand."""
    return [match.status.value for match in tournament.matches.values()]


def test_a_match_being_played_goes_to_the_opponent() -> None:
    """And the next one as soon as there is an opponent, each with what it moves."""
    play = Play(4, FINAL)
    play.do(commands.StartMatch(match_id=1))
    play.do(commands.UpdateScore(match_id=1, participant1_score=3, participant2_score=0))
    told = play.do(gone(1, reason="Injured"))
    assert [event.type for event in told] == ["participant_withdrawn", "match_completed", "bracket_updated"]
    match = play.tournament.matches[1]
    assert (match.status, match.winner_id, match.score) == (MatchStatus.WALKOVER, 4, (3, 0))
    play.do(gone(4))
    play.result(2, (1, 0))
    assert isinstance(play.log[-1], BracketUpdated)
    final = play.log[-2]
    assert isinstance(final, MatchCompleted)
    assert (final.match_id, final.winner_id, final.forfeit) == (3, 2, True)
    assert play.tournament.champion is not None


def test_the_last_who_stays_has_won() -> None:
    """Whoever goes home after that has won nevertheless."""
    play = Play(4, FINAL)
    for who in (1, 4, 2):
        play.do(gone(who))
    assert statuses(play.tournament) == ["walkover"] * 3
    play.do(gone(3))
    assert play.tournament.champion == play.tournament.participants[3]


def test_who_is_reinstated_plays_what_nobody_has_gone_on_from() -> None:
    """The walkover is taken back, unless the next match has begun."""
    play = Play(4, FINAL)
    play.do(gone(1))
    told = play.do(commands.ReinstateParticipant(participant_id=1))
    assert [event.type for event in told] == ["participant_reinstated", "match_reopened", "bracket_updated"]
    assert play.tournament.matches[1].status is MatchStatus.READY
    played = Play(4, FINAL)
    for wish in (gone(1), commands.ReinstateParticipant(participant_id=1)):
        played.do(wish)
    played.result(1, (2, 0))
    assert not played.tournament.matches[1].corrected
    play.do(gone(1))
    play.result(2, (1, 0))
    play.do(commands.StartMatch(match_id=3))
    told = play.do(commands.ReinstateParticipant(participant_id=1))
    assert [event.type for event in told] == ["participant_reinstated"]
    assert play.tournament.matches[3].status is MatchStatus.LIVE


def test_in_a_group_the_rest_is_given_or_nothing_counts() -> None:
    """As the organiser says; void matches count for nobody, and count again when they come back."""
    play = Play(4, StageSettings(format="round_robin"))
    for match in [m for m in play.tournament.matches.values() if m.plan.round == 1]:
        play.result(match.match_id, (2, 1))
    before = play.tournament
    told = play.do(gone(1, policy="void_all"))
    annulled = {m.match_id for m in play.tournament.matches.values() if m.annulled}
    assert isinstance(told[-1], BracketUpdated)
    assert set(told[-1].updated_nodes) == annulled
    rows = {row.participant_id: row for row in play.tournament.stages[0].groups[0].table}
    assert (rows[1].played, sum(row.played for row in rows.values())) == (0, 2)
    assert [row.participant_id for row in play.tournament.stages[0].groups[0].table if row.place == 4] == [1]
    assert statuses(play.tournament).count("void") == 3
    back = play.do(commands.ReinstateParticipant(participant_id=1))
    again = [event for event in back if isinstance(event, MatchCompleted)]
    confirmed = [event for event in play.log if isinstance(event, MatchCompleted) and not event.again]
    assert again == [
        msgspec.structs.replace(event, again=True) for event in confirmed if event.winner_id == 1
    ]
    match = play.tournament.matches[again[0].match_id]
    (line,) = match_page(play.tournament, match, enveloped(again)).story
    assert line.text == "It counts again: Player 1 beat Player 4 2–1"
    assert play.tournament.stages[0].groups[0].table == before.stages[0].groups[0].table
    play.do(gone(1))
    rows = {row.participant_id: row for row in play.tournament.stages[0].groups[0].table}
    assert (rows[1].played, statuses(play.tournament).count("walkover")) == (3, 2)


def test_what_counts_does_not_change_who_plays_in_what_has_begun() -> None:
    """The final is on, so the group cannot be counted otherwise; to give the rest away can be."""
    play = Play(4, GROUPS, FINAL)
    for match_id in (1, 2):
        play.result(match_id, (2, 1))
    play.do(commands.StartMatch(match_id=3))
    winner = play.tournament.matches[1].winner_id or 0
    loser = play.tournament.matches[1].loser_id or 0
    play.do(gone(loser))
    with pytest.raises(PlayersAffected, match="Final") as refused:
        play.do(gone(winner, policy="void_all"))
    final = {"match_id": 3, "label": "Final", "status": "live", "score": [0, 0]}
    assert refused.value.extra == {"affected": [final]}
    play.do(gone(winner))
    assert play.tournament.matches[3].status is MatchStatus.WALKOVER


def test_a_swiss_pairs_them_no_more() -> None:
    """They are absent by themselves, and cannot be paired by hand."""
    play = Play(6, StageSettings(format="swiss", rounds=3))
    play.pair_next()
    for match_id in (1, 2, 3):
        play.result(match_id, (1, 0))
    play.do(gone(2))
    play.pair_next()
    second = [m for m in play.tournament.matches.values() if m.plan.round == 2]
    assert len(second) == 2
    assert 2 not in [slot.participant_id for m in second for slot in m.slots]
    with pytest.raises(InvalidInput, match="count for nothing"):
        play.do(gone(1, policy="void_all"))


def test_a_withdrawn_participants_result_is_settled_by_bringing_them_back() -> None:
    """Neither reopened nor corrected before."""
    play = Play(4, FINAL)
    play.do(gone(1))
    with pytest.raises(ParticipantConflict, match="Reinstate them first"):
        play.do(commands.ReopenMatch(match_id=1))


def test_a_match_that_counts_for_nothing_is_not_played() -> None:
    """One that was under way: who forfeited it is back, whoever had all of theirs voided is not."""
    play = Play(4, StageSettings(format="round_robin"))
    play.do(commands.StartMatch(match_id=1))
    first, second = (slot.participant_id or 0 for slot in play.tournament.matches[1].slots)
    play.do(gone(first))
    play.do(gone(second, policy="void_all"))
    play.do(commands.ReinstateParticipant(participant_id=first))
    assert not play.tournament.matches[1].begun
    play.do(commands.ReinstateParticipant(participant_id=second))
    assert play.tournament.matches[1].status is MatchStatus.LIVE


def test_names_are_mended_and_places_taken() -> None:
    """A name at any time; a place before the first match in it. The line and the seed stay."""
    play = Play(4, FINAL)
    late = commands.ReplaceParticipant(participant_id=1, name="Somebody Else")
    was = play.tournament.participants[1].name
    assert [getattr(event, "previous_name", None) for event in play.do(late)] == [was]
    assert play.do(late) == ()
    play.result(1, (1, 0))
    told = play.do(commands.RenameParticipant(participant_id=1, name="  Somebody   New "))
    assert [event.type for event in told] == ["participant_renamed"]
    assert play.tournament.participants[1].name == "Somebody New"
    assert play.tournament.matches[1].winner_id == 1
    assert play.do(commands.RenameParticipant(participant_id=1, name="Somebody New")) == ()
    with pytest.raises(ParticipantConflict, match="has played already"):
        play.do(commands.ReplaceParticipant(participant_id=1, name="Late"))


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (commands.RenameParticipant(participant_id=9, name="X"), NotFound),
        (commands.RenameParticipant(participant_id=1, name="Player 2"), InvalidInput),
        (commands.RenameParticipant(participant_id=1, name=" "), InvalidInput),
        (commands.ReplaceParticipant(participant_id=1, name="x" * 101), InvalidInput),
        (commands.ReinstateParticipant(participant_id=1), ParticipantConflict),
        (gone(9), NotFound),
        (gone(1, policy="perhaps"), InvalidInput),
        (gone(1, policy="void_all"), InvalidInput),
        (gone(1, reason="x" * 201), InvalidInput),
    ],
)
def test_what_cannot_be_is_refused(wish: commands.Command, error: type[Exception]) -> None:
    """By what is wrong."""
    with pytest.raises(error):
        Play(4, FINAL).do(wish)


def test_nobody_withdraws_twice_or_from_a_draft() -> None:
    """The first is done, the second is on a list."""
    play = Play(4, FINAL)
    play.do(gone(1))
    with pytest.raises(ParticipantConflict, match="out already"):
        play.do(gone(1))
