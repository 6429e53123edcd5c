"""Play at random, in every format: people err, take back, go home, come back, join, change the draw.

After every step there is one truth, whoever is asked. ``GRANDSTAND_EXAMPLES=20`` tries twenty times as many.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from quart_app.domain import commands, fold
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.events import (
    BracketUpdated,
    Envelope,
    Event,
    MatchCompleted,
    StageSettings,
)
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import Conflict, InvalidInput, NotFound
from quart_app.show.fragments import render_all, render_changes
from quart_app.show.snapshot import snapshot
from quart_app.show.views.staff.history import history
from tests.domain.formats.playing import Play
from tests.domain.strategies import AT
from tests.domain.test_corrections import SHAPES, Changing, check
from tests.web.live_page import LivePage

EXAMPLES = 20 * int(os.environ.get("GRANDSTAND_EXAMPLES", "1"))
STEPS = 30

Known = dict[int, tuple[list[int | None], int | None]]
"""The slots and the winner of each match."""

WORLDS = (
    *SHAPES,
    (
        StageSettings(format="round_robin", groups=2, advance=1, ruleset="football_uefa"),
        StageSettings(format="single_elimination"),
    ),
    (
        StageSettings(format="round_robin", groups=2, advance=1, best_of_rest=1, ruleset="football"),
        StageSettings(format="double_elimination"),
    ),
)


def page_of(fragments: str) -> LivePage:
    """A page whose live region holds what these partials bring."""
    inner = fragments.replace("<hx-partial", "<div").replace("</hx-partial", "</div")
    return LivePage(f'<div id="live-region">{inner}</div>')


class Watchers:
    """Who watches: a page on the stream of fragments, and a client that knows four events of play alone."""

    def __init__(self, play: Play) -> None:
        self.page = page_of(render_all(play.tournament))
        self.known = told_by_snapshot(play.tournament)
        self.at = self.shown = len(play.log)

    def hear(self, log: list[Event]) -> None:
        """What has been logged since."""
        for event in log[self.at :]:
            self._follow(event)
        self.at = len(log)

    def look(self, state: Tournament) -> None:
        """A frame comes with all that has changed since the last one; then the page equals a fresh one."""
        changed = frozenset(part for part, seq in state.revisions.items() if seq > self.shown)
        self.page.receive(render_changes(state, changed))
        self.shown = state.seq
        assert self.page.differences(page_of(render_all(state))) == []

    def _follow(self, event: Event) -> None:
        if isinstance(event, MatchCompleted):
            self.known[event.match_id] = self.known[event.match_id][0], event.winner_id
        elif isinstance(event, BracketUpdated):
            for each in event.next_matches:
                slots = [each.participant1_id, each.participant2_id]
                goes_on = slots[0] or slots[1] if each.bye else None
                self.known[each.match_id] = slots, goes_on


def told_by_snapshot(tournament: Tournament) -> Known:
    """The same from the API."""
    return {
        each.match_id: ([each.participant1_id, each.participant2_id], each.winner_id)
        for each in snapshot("e", tournament).matches
    }


class Hall(Changing):
    """A tournament in which anything may be wished for."""

    def __init__(self, chance: Random, count: int, *stages: StageSettings, seeding: str) -> None:
        super().__init__(count, *stages, seeding=seeding)
        self.chance = chance
        self.joined = 0

    def somebody(self) -> int:
        """Anybody who takes part."""
        return self.chance.choice(list(self.tournament.participants))

    def wish(self) -> commands.Command:
        """Anything, possible or not, that is not play."""
        chance, state = self.chance, self.tournament
        stage = chance.choice(state.stages)
        group = chance.choice(stage.groups) if stage.groups else None
        members = list(group.members) if group else list(state.participants)
        self.joined += 1
        wishes: Mapping[Callable[[], commands.Command], int] = {
            lambda: commands.WithdrawParticipant(
                participant_id=self.somebody(),
                policy=chance.choice(["forfeit_rest", "void_all"]),
                disqualified=chance.random() < 0.2,
            ): 4,
            lambda: commands.ReinstateParticipant(
                participant_id=chance.choice(list(state.roster.out) or [self.somebody()])
            ): 5,
            lambda: commands.SwapInDraw(participant_id=self.somebody(), other_id=self.somebody()): 1,
            lambda: commands.SwapInDraw(participant_id=self.somebody(), bye_match_id=chance.randint(1, 4)): 1,
            lambda: commands.DrawAgain(lots=tuple(chance.sample(range(20), 20))): 1,
            lambda: commands.AddParticipant(name=f"Late {self.joined}"): 2,
            lambda: commands.DrawLots(
                stage=stage.number,
                group=group.name if group and chance.random() < 0.8 else "",
                order=tuple(chance.sample(members, min(len(members), chance.randint(2, 4)))),
            ): 2,
            lambda: commands.RecordConduct(
                stage=stage.number, participant_id=chance.choice(members), points=-chance.randint(0, 6)
            ): 2,
            lambda: commands.UnpairRound(stage=stage.number): 1,
            lambda: commands.RenameParticipant(
                participant_id=self.somebody(), name=f"Other {self.joined}"
            ): 1,
            lambda: commands.ReplaceParticipant(participant_id=self.somebody(), name=f"Sub {self.joined}"): 1,
            lambda: commands.PostponeTournament(reason="Rain"): 1,
            lambda: commands.CancelTournament(): 1,
            lambda: commands.ResumeTournament(): 4,
        }
        (make,) = chance.choices(list(wishes), list(wishes.values()))
        return make()

    def act(self) -> None:
        """Do something; what is refused has changed nothing."""
        before = self.tournament
        try:
            if (what := self.chance.random()) < 0.3:
                self.do(self.wish())
            elif what < 0.5:
                self.change(self.chance)
            else:
                self.step(self.chance)
        except (Conflict, InvalidInput):
            assert self.tournament is before

    def fork(self) -> Hall:
        """The same tournament, in which anything may be tried."""
        other = copy.copy(self)
        other.log = list(self.log)
        return other


@settings(max_examples=EXAMPLES)
@given(
    st.sampled_from(WORLDS),
    st.integers(6, 12),
    st.sampled_from(["standard", "given"]),
    st.integers(0, 2**32 - 1),
)
def test_there_is_one_truth(stages: tuple[StageSettings, ...], count: int, seeding: str, seed: int) -> None:
    """The fold, the page that follows, a fresh page, the snapshot, and who knows four events alone; and
    nobody who is out has anything to play. In the end it can be played to its end."""
    chance = Random(seed)
    hall = Hall(chance, count, *stages, seeding=seeding)
    watchers = Watchers(hall)
    for _ in range(STEPS):
        hall.act()
        agree(hall, watchers)
        if chance.random() < 0.15:
            watchers.look(hall.tournament)
            there_and_back(hall.fork())
    tell(hall)
    hall.do(commands.ResumeTournament())
    while hall.step(chance):
        pass
    agree(hall, watchers)
    watchers.look(hall.tournament)
    assert not hall.tournament.agenda.ready
    assert fold.fold(7, hall.log) == hall.tournament


def agree(hall: Hall, watchers: Watchers) -> None:
    """All who can be asked say the same."""
    state = hall.tournament
    check(hall)
    watchers.hear(hall.log)
    known = {match_id: watchers.known.get(match_id) for match_id in state.matches}
    assert known == told_by_snapshot(state)
    out = state.roster.out
    for match_id in (*state.agenda.live, *state.agenda.ready):
        assert not any(slot.participant_id in out for slot in state.matches[match_id].slots)


def tell(hall: Hall) -> None:
    """What has happened can be told, whatever matches there are by now."""
    log = [
        Envelope(tournament_id=7, epoch="e", seq=seq, event=event, data=b"", at=AT, actor_id=1)
        for seq, event in enumerate(hall.log, start=1)
    ]
    assert all(deed.text for deed in history(hall.tournament, log, {1: "anna"}))


def says(state: Tournament) -> tuple[object, ...]:
    """All that a tournament says, but for when it came to say so."""
    return (
        [
            (match.match_id, match.slots, match.status, match.score, match.games, match.result)
            for match in state.matches.values()
        ],
        [group.table for stage in state.stages for group in stage.groups],
        (state.places, state.status, state.ranks, state.participants, state.roster.out),
    )


def there_and_back(hall: Hall) -> None:
    """Something is done and taken back at once: everything is as it was."""
    chance, before = hall.chance, hall.tournament
    who, matches = hall.somebody(), list(before.matches.values())
    deeds: list[tuple[commands.Command, commands.Command]] = []
    if who not in before.roster.out:
        for policy in ("forfeit_rest", "void_all"):
            gone = commands.WithdrawParticipant(participant_id=who, policy=policy)
            deeds.append((gone, commands.ReinstateParticipant(participant_id=who)))
    if before.hold is None:
        deeds.append((commands.CancelTournament(), commands.ResumeTournament()))
    ready = [match.match_id for match in matches if match.status is MatchStatus.READY]
    for match_id in ready[:1]:
        reopen = commands.ReopenMatch(match_id=match_id, to="ready")
        deeds += [
            (commands.StartMatch(match_id=match_id), reopen),
            (commands.VoidMatch(match_id=match_id), reopen),
        ]
    other = hall.somebody()
    swap = commands.SwapInDraw(participant_id=who, other_id=other)
    groups = [group for stage in before.stages for group in stage.groups]
    together = any({who, other} <= {*group.members} for group in groups)
    lots = any(group.lots for group in groups) and not together  # which are among those of a group
    # what those who are out give away is given anew, in whatever order they went
    if not lots and not before.roster.out:
        deeds.append((swap, swap))
    if not deeds:
        return
    there, back = chance.choice(deeds)
    try:
        hall.do(there)
    except (Conflict, InvalidInput, NotFound):
        return
    hall.do(back)
    assert says(hall.tournament) == says(before), (there, back)
