"""The fragments: a page that takes in the stream's partials holds what a fresh page would."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from quart_app.domain import commands, events
from quart_app.domain.bracket.match import MatchStatus
from quart_app.domain.commands import EntrantLine
from quart_app.domain.decisions import decide
from quart_app.domain.fold import apply, changed, fold
from quart_app.domain.parts import BRACKET, HEADER
from quart_app.domain.state.tournament import Tournament
from quart_app.show.fragments import render_all, render_changes
from quart_app.show.projections import match_projection
from quart_app.show.templating import render
from quart_app.show.views import tournament as views
from quart_app.show.views.story import match_page
from tests.domain.formats.playing import Play
from tests.domain.test_random_play import WORLDS, Hall
from tests.web.live_page import LivePage, parse

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

Wish = Callable[[Tournament], commands.Command]


def fresh_page(tournament: Tournament) -> LivePage:
    """The tournament's page as the server would render it now."""
    return LivePage(
        render(
            "tournament.html",
            page=views.tournament_page(tournament),
            tournament_id=tournament.id,
            connect=f"/sse/tournaments/{tournament.id}/fragments/?lastEventId=e-{tournament.seq}",
        )
    )


def test_a_match_that_is_gone_says_so_on_its_page() -> None:
    """And leads to what is played; a page that comes back too late is told the same, and so is one match
    alone."""
    play = Play(4, events.StageSettings(format="swiss", rounds=2))
    play.pair_next()
    before = play.tournament
    play.do(commands.UnpairRound(stage=1))
    projection = match_projection(1)
    assert projection.changes is not None
    parts = changed(before, play.tournament)
    for frame in (
        projection.changes(play.tournament, parts),
        projection.whole("e", play.tournament).decode(),
    ):
        (partial,) = parse(frame).elements
        (card,) = partial.elements
        assert (card.attributes["id"], card.attributes["data-status"]) == ("match-1", "gone")
        assert card.attributes["data-seq"] == str(play.tournament.revision(BRACKET))
        assert card.text() == "This match is not in the draw any more. See what is played"
        assert [each.attributes["href"] for each in card.walk() if each.tag == "a"] == ["/tournaments/7/"]
    play.pair_next()
    assert "gone" not in projection.changes(play.tournament, changed(before, play.tournament))
    assert "match-1" not in projection.changes(before, frozenset({HEADER}))


def test_a_matchs_page_tells_of_names_and_of_the_whole() -> None:
    """Somebody is called otherwise, it rains, the rain ends: each is told on its page, too."""
    play = Play(4, events.StageSettings(format="single_elimination"))
    projection = match_projection(1)
    assert projection.changes is not None
    told = []
    for wish in (
        commands.RenameParticipant(participant_id=1, name="Other"),
        commands.PostponeTournament(reason="Rain"),
        commands.ResumeTournament(),
    ):
        before = play.tournament
        play.do(wish)
        partials = parse(projection.changes(play.tournament, changed(before, play.tournament))).elements
        told.append({each.attributes["hx-target"]: each.text() for each in partials})
        (hold,) = (each for each in partials if each.attributes["hx-target"] == "#hold")
        assert hold.elements[0].attributes["data-seq"] == str(play.tournament.seq)
    assert "Other" in told[0].pop("#match-1")
    assert told == [
        {"#hold": "", "#match-3": "Final Winner of SF 1 Winner of SF 2"},
        {"#hold": "Postponed : Rain"},
        {"#hold": ""},
    ]


def pages_of_matches(tournament: Tournament) -> dict[int, LivePage]:
    """The page of each match that has one, as the server would render it now."""
    return {
        each.match_id: LivePage(
            render(
                "match.html",
                page=match_page(tournament, each, []),
                tournament_id=tournament.id,
                connect=f"/sse/tournaments/{tournament.id}/fragments/?part=match-{each.match_id}",
            )
        )
        for each in tournament.matches.values()
        if each.played
    }


@pytest.mark.parametrize("seed", range(8))
def test_the_page_of_a_match_follows_through_every_change_of_mind(seed: int) -> None:
    """What its stream brings makes it a fresh one, whatever is corrected, withdrawn, renamed or put off; its
    heading is the script's business. With another draw it loads itself anew."""
    chance = random.Random(seed)
    hall = Hall(chance, 6, *WORLDS[seed], seeding="standard")
    pages = pages_of_matches(hall.tournament)
    for _ in range(25):
        before = hall.tournament
        hall.act()
        state = hall.tournament
        fresh = pages_of_matches(state)
        news = frozenset(part for part, seq in state.revisions.items() if seq > before.seq)
        if state.bracket_id != before.bracket_id:
            pages = {}
        for match_id in pages.keys() & fresh.keys():
            changes = match_projection(match_id).changes
            assert changes is not None
            if frame := changes(state, news):
                pages[match_id].receive(frame)
            assert set(pages[match_id].differences(fresh[match_id])) <= {"pairing"}
        pages = {match_id: pages.get(match_id, page) for match_id, page in fresh.items()}


def random_log(seed: int, participants: int, third_place: bool = False) -> Iterator[events.Event]:
    """The events of a whole tournament: several matches at once, tie-breaks, walkovers, double walkovers."""
    chance = random.Random(seed)
    tournament = Tournament(1)

    def wish(command: commands.Command) -> Iterator[events.Event]:
        nonlocal tournament
        for event in decide(tournament, command, NOW, actor_id=1):
            tournament = apply(tournament, event)
            yield event

    names = tuple(
        EntrantLine(name=f"Player <{n}> & Co", seed=n if n < 5 else None) for n in range(1, participants + 1)
    )
    yield from wish(
        commands.CreateTournament(name="Cup “A” <b>", entrants=names[1:] + names[:1], third_place=third_place)
    )
    yield from wish(commands.RegisterParticipants(entrants=names))
    yield from wish(commands.ChangeVisibility(visibility="private"))
    yield from wish(commands.ChangeVisibility(visibility="public"))
    yield from wish(commands.GenerateBracket())
    while open_matches := [
        match
        for match in tournament.matches.values()
        if match.status in (MatchStatus.READY, MatchStatus.LIVE)
    ]:
        match = chance.choice(open_matches)
        sides = [slot.participant_id for slot in match.slots]
        if chance.random() < 0.08:
            winner = chance.choice([*sides, None])
            yield from wish(commands.ConfirmResult(match_id=match.match_id, walkover=True, winner_id=winner))
        elif match.status is MatchStatus.READY:
            yield from wish(commands.StartMatch(match_id=match.match_id))
        elif chance.random() < 0.6:
            a, b = chance.randrange(5), chance.randrange(5)
            yield from wish(
                commands.UpdateScore(match_id=match.match_id, participant1_score=a, participant2_score=b)
            )
        else:
            level = match.score is not None and match.score[0] == match.score[1]
            yield from wish(
                commands.ConfirmResult(
                    match_id=match.match_id,
                    participant1_tiebreak=4 if level else None,
                    participant2_tiebreak=2 if level else None,
                )
            )


SHAPES = [(2, False), (3, False), (4, True), (8, True), (11, False), (16, True), (23, True)]


@pytest.mark.parametrize(("participants", "third_place"), SHAPES)
def test_every_event_brings_a_followed_page_to_a_fresh_one(participants: int, third_place: bool) -> None:
    """After each event of a tournament, the page that took in its partials equals a page rendered now."""
    tournament, page = Tournament(1), None
    for event in random_log(participants, participants, third_place):
        before, tournament = tournament, apply(tournament, event)
        page = page or fresh_page(tournament)
        page.receive(render_changes(tournament, changed(before, tournament)))
        assert page.differences(fresh_page(tournament)) == [], f"after {event.type}, seq {tournament.seq}"


@pytest.mark.parametrize("seed", range(12))
def test_a_catch_up_of_any_length_brings_a_page_to_a_fresh_one(seed: int) -> None:
    """From any position to any later one, the one frame over all events between is enough."""
    chance = random.Random(seed)
    states = [Tournament(1)]
    log = list(random_log(seed, chance.randrange(2, 20), False))
    for event in log:
        states.append(apply(states[-1], event))
    for _ in range(25):
        start, end = sorted(chance.sample(range(1, len(states)), 2))
        page = fresh_page(states[start])
        page.receive(render_changes(states[end], changed(states[start], states[end])))
        assert page.differences(fresh_page(states[end])) == [], f"from {start} to {end}"


@pytest.mark.parametrize("seed", range(3))
def test_the_whole_region_replaces_whatever_a_page_held(seed: int) -> None:
    """``render_all`` brings a page from any state, later ones included, to the given one."""
    states = [Tournament(1)]
    for event in random_log(seed, 9):
        states.append(apply(states[-1], event))
    chance = random.Random(seed)
    for _ in range(10):
        held, given = chance.choice(states[1:]), chance.choice(states[1:])
        page = fresh_page(held)
        page.receive(render_all(given))
        assert page.differences(fresh_page(given)) == []


def test_an_event_that_shows_nowhere_makes_no_fragments() -> None:
    """``bracket_updated`` of a final moves nobody, so its frame is empty."""
    *before, last = random_log(1, 2)
    tournament = fold(1, before)
    assert isinstance(last, events.BracketUpdated)
    assert render_changes(tournament, changed(tournament, apply(tournament, last))) == ""


def test_a_page_repeats_no_id() -> None:
    """Each id stands once on a page: partials are swapped by id."""
    tournament = Tournament(1)
    for event in random_log(5, 13):
        tournament = apply(tournament, event)
        ids = [
            each.attributes["id"]
            for each in fresh_page(tournament).document.walk()
            if "id" in each.attributes
        ]
        assert sorted(set(ids), key=str) == sorted(ids, key=str)


def test_a_name_stays_text() -> None:
    """Markup in a name is shown, never obeyed, in a frame as on the page."""
    tournament = Tournament(1)
    lines = (EntrantLine(name='"><script>x</script>'), EntrantLine(name="</hx-partial><b>&amp;"))
    for command in (commands.CreateTournament(name="T", entrants=lines), commands.GenerateBracket()):
        for event in decide(tournament, command, NOW):
            tournament = apply(tournament, event)
    card = parse(render_all(tournament)).find("match-1")
    assert card is not None
    assert [name.text() for name in card.walk() if name.tag == "bdi"] == [line.name for line in lines]
