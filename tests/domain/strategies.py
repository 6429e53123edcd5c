"""Worlds for tests: tournaments to draw at random, and hands that play them to the end.

A *chooser* looks at a tournament and names the next wish. ``play`` carries its wishes out in memory; a test
against a real server can carry out the same wishes through the front door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from random import Random

from hypothesis import strategies as st

from quart_app.domain import rules
from quart_app.domain.bracket.match import Match, MatchStatus
from quart_app.domain.commands import (
    Command,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    GenerateBracket,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.decisions import decide
from quart_app.domain.events import Event
from quart_app.domain.fold import apply
from quart_app.domain.names import as_seen, flaw
from quart_app.domain.state.roster import Participant
from quart_app.domain.state.tournament import Tournament, TournamentStatus

NOW = datetime(2026, 11, 24, 12, 30, 15, 250_000, tzinfo=UTC)
AT = "2026-11-24T12:30:15.250Z"
"""``NOW`` as events carry it."""

Chooser = Callable[[Tournament], Command]
Step = tuple[Tournament, tuple[Event, ...]]


def entrants(names: Iterable[str | None]) -> tuple[EntrantLine, ...]:
    """Unseeded lines with these names; None is a bye."""
    return tuple(EntrantLine(name=name) for name in names)


def players(count: int) -> tuple[EntrantLine, ...]:
    """As many unseeded lines: "Player 1", "Player 2" …; their participant ids are 1, 2 …"""
    return entrants(f"Player {number}" for number in range(1, count + 1))


def step(tournament: Tournament, command: Command, actor_id: int | None = 1) -> Step:
    """The tournament after ``command``, and the events that brought it there."""
    events = decide(tournament, command, NOW, actor_id)
    return reduce(apply, events, tournament), events


def created(command: CreateTournament, tournament_id: int = 7) -> Tournament:
    """A draft as ``command`` wishes it."""
    return step(Tournament(tournament_id), command)[0]


def drawn(lines: Sequence[EntrantLine], *, seeding: str = "given", third_place: bool = False) -> Tournament:
    """A tournament with these lines and its bracket generated, nothing played."""
    command = CreateTournament(name="Cup", entrants=tuple(lines), seeding=seeding, third_place=third_place)
    return step(created(command), GenerateBracket())[0]


def after(tournament: Tournament, *commands: Command) -> Tournament:
    """The tournament after these wishes, in turn."""
    return reduce(lambda state, command: step(state, command)[0], commands, tournament)


def won(match_id: int, side: int = 1) -> tuple[Command, ...]:
    """The wishes that play a ready match, which ``side`` wins 1–0."""
    return (
        StartMatch(match_id=match_id),
        UpdateScore(match_id=match_id, participant1_score=int(side == 1), participant2_score=int(side == 2)),
        ConfirmResult(match_id=match_id),
    )


def play(tournament: Tournament, chooser: Chooser) -> Iterator[Step]:
    """Every step to the tournament's end: the state after a wish of ``chooser``, and the wish's events.

    A draft gets its bracket first. The first step's state is that after its events, so a whole log is
    ``created``'s two events and then all that is yielded here.
    """
    while tournament.status is not TournamentStatus.COMPLETED:
        draft = tournament.status is TournamentStatus.DRAFT
        tournament, events = step(tournament, GenerateBracket() if draft else chooser(tournament))
        yield tournament, events


def log_of(command: CreateTournament, chooser: Chooser, tournament_id: int = 7) -> list[Event]:
    """The whole log of a tournament that was created by ``command`` and played by ``chooser``."""
    empty = Tournament(tournament_id)
    tournament, log = step(empty, command)
    return [*log, *(event for _, events in play(tournament, chooser) for event in events)]


def open_matches(tournament: Tournament) -> list[Match]:
    """The matches in which something may happen now, in play order."""
    possible = (MatchStatus.READY, MatchStatus.LIVE)
    return [match for match in tournament.matches.values() if match.status in possible]


def in_order(tournament: Tournament) -> Command:
    """A chooser: one match after the other, side 1 wins each 1–0."""
    match = next(match for match in tournament.matches.values() if not match.decided)
    wishes = won(match.match_id)
    return wishes[0] if match.status is MatchStatus.READY else wishes[1 if match.score == (0, 0) else 2]


def at_random(seed: int, *, walkover: float = 0.0, double_walkover: float = 0.0) -> Chooser:
    """A chooser: any open match next, any score, shoot-outs; walkovers with the given probabilities.

    Its wish depends on nothing but ``seed`` and the tournament, and always changes something.
    """

    def choose(tournament: Tournament) -> Command:
        chance = Random(seed * 10_007 + tournament.seq)
        match = chance.choice(open_matches(tournament))
        dice = chance.random()
        if dice < walkover + double_walkover:
            winner = chance.choice(match.slots).participant_id if dice < walkover else None
            return ConfirmResult(match_id=match.match_id, winner_id=winner, walkover=True)
        if match.status is MatchStatus.READY:
            return StartMatch(match_id=match.match_id)
        a, b = chance.randint(0, 3), chance.randint(0, 3)
        if chance.random() < 0.5 and (a, b) != match.score:
            return UpdateScore(match_id=match.match_id, participant1_score=a, participant2_score=b)
        if match.score and match.score[0] != match.score[1]:
            return ConfirmResult(match_id=match.match_id, notes=chance.choice([None, "Rain"]))
        c, d = chance.sample(range(6), 2)
        return ConfirmResult(match_id=match.match_id, participant1_tiebreak=c, participant2_tiebreak=d)

    return choose


def choosers(*, walkover: float = 0.0, double_walkover: float = 0.0) -> st.SearchStrategy[Chooser]:
    """``at_random`` with any seed."""
    return st.integers(0, 2**32 - 1).map(
        lambda seed: at_random(seed, walkover=walkover, double_walkover=double_walkover)
    )


def sizes(most: int) -> st.SearchStrategy[int]:
    """How many play, from 2 to ``most``; often a power of two or one beside it."""
    edges = [2**k + d for k in range(1, most.bit_length()) for d in (-1, 0, 1) if 2 <= 2**k + d <= most]
    return st.integers(2, most) | st.sampled_from(edges)


@st.composite
def creations(draw: st.DrawFn, most: int = 33, byes: bool = False) -> CreateTournament:
    """A tournament that may be created: any size to ``most``, seeding, seeds, and third place.

    With ``byes`` the draw is a given one with byes on lines of its own choice.
    """
    count = draw(sizes(most))
    seeds: dict[int, int] = {}
    if draw(st.booleans()):
        seeded = draw(st.permutations(range(count)))[: draw(st.integers(0, count))]
        seeds = {line: seed for seed, line in enumerate(seeded, start=1)}
    lines = [EntrantLine(name=f"Player {number + 1}", seed=seeds.get(number)) for number in range(count)]
    seeding = "given" if byes else draw(st.sampled_from(["standard", "given"]))
    if byes:
        size = max(2, 1 << (count - 1).bit_length()) * draw(st.sampled_from([1, 2]))
        for _ in range(size - count):
            lines.insert(draw(st.integers(0, len(lines))), EntrantLine(name=None))
    return CreateTournament(
        name="Cup",
        entrants=tuple(lines),
        seeding=seeding,
        third_place=count >= 4 and draw(st.booleans()),
    )


def names() -> st.SearchStrategy[str]:
    """Names that are allowed and already tidy, in any script."""
    letters = st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\ufffd")
    texts = st.text(letters, min_size=1, max_size=40).map(rules.tidy)
    return texts.filter(lambda text: bool(as_seen(text)) and flaw(text) is None)


def wishes(most_matches: int) -> st.SearchStrategy[Command]:
    """Any wish for a match, possible or not, sensible or not."""
    ids = st.integers(0, most_matches + 1)
    score = st.integers(-1, 3) | st.just(10_000)
    version = st.none() | st.integers(0, 60)
    tiebreak = st.none() | st.integers(-1, 5)
    return st.one_of(
        st.builds(StartMatch, match_id=ids),
        st.builds(
            UpdateScore, match_id=ids, participant1_score=score, participant2_score=score, version=version
        ),
        st.builds(
            ConfirmResult,
            match_id=ids,
            winner_id=st.none() | st.integers(0, most_matches + 2),
            walkover=st.booleans(),
            participant1_tiebreak=tiebreak,
            participant2_tiebreak=tiebreak,
            notes=st.none() | st.text(max_size=5),
            version=version,
        ),
    )


def on_place(tournament: Tournament, place: int) -> Participant | None:
    """Who has this place alone, None while nobody has."""
    found = [tournament.participants[who] for number, who in tournament.places if number == place]
    return found[0] if len(found) == 1 else None
