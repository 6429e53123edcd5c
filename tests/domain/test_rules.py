"""What values may be: names, seeds, sizes and choices."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.domain.commands import CreateTournament, EntrantLine, GenerateBracket, RegisterParticipants
from quart_app.domain.decisions import decide
from quart_app.domain.events import StageSettings, TournamentCreated, decode_event, encode_event
from quart_app.domain.fold import apply
from quart_app.domain.rules import tidy, utc_time
from quart_app.domain.staging.drawing import complete
from quart_app.domain.state.tournament import Tournament
from quart_app.errors import InvalidInput
from tests.domain.strategies import NOW, created, entrants, names, players


def problems(command: CreateTournament) -> dict[str, str]:
    """What is wrong with it, by field; nothing where it is accepted."""
    try:
        decide(Tournament(7), command, NOW)
    except InvalidInput as refusal:
        return dict(refusal.problems)
    return {}


def named(name: str) -> CreateTournament:
    return CreateTournament(name=name, entrants=players(2))


def with_lines(*lines: EntrantLine, seeding: str = "given") -> CreateTournament:
    return CreateTournament(name="Cup", entrants=lines, seeding=seeding)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Anna \t Berta\n", "Anna Berta"),
        ("a\u00a0b\u2003c\u2028d", "a b c d"),
        ("Cafe\u0301", "Café"),
        ("한", "한"),
        ("Zoë Żółć 東京 עברית العربية", "Zoë Żółć 東京 עברית العربية"),
    ],
)
def test_text_is_kept_tidy(text: str, kept: str) -> None:
    """White space of any kind is one space, none at the ends, and Unicode is composed."""
    assert tidy(text) == kept


@given(st.text())
def test_tidy_text_stays_as_it_is(text: str) -> None:
    """Tidying twice is tidying once, so that what is kept can be entered again."""
    assert tidy(tidy(text)) == tidy(text)


@given(st.lists(names(), min_size=2, max_size=6, unique_by=str.casefold))
def test_names_of_any_script_are_kept(chosen: list[str]) -> None:
    """Letters, marks, digits, symbols and punctuation of every script go into the log and come out again."""
    draft = created(CreateTournament(name=chosen[0], entrants=entrants(chosen)))
    assert [player.name for player in draft.participants.values()] == chosen


@given(st.text(max_size=120), st.lists(st.text(max_size=120) | st.none(), max_size=6))
def test_any_text_is_kept_or_refused(name: str, lines: list[str | None]) -> None:
    """Garbage never breaks a rule or the encoding: it is refused in words, or it can be logged."""
    command = CreateTournament(name=name, entrants=entrants(lines), seeding="given")
    if refused := problems(command):
        assert all(refused.values())
        return
    events = decide(Tournament(7), command, NOW)
    assert [decode_event(event.type, 1, encode_event(event)) for event in events] == [*events]


@pytest.mark.parametrize("name", ["Cup", "x" * 100, "  " + "x" * 100 + "  ", "👩‍🚀 Cup", "می‌خواهم", "0"])
def test_good_names_pass(name: str) -> None:
    """To 100 characters, joiners inside emoji and Persian words included."""
    assert problems(named(name)) == {}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        (" \t\n\u3000", "is empty"),
        ("\u200b\u2060", "is empty"),
        ("\u3164", "is empty"),
        ("\u2800\ufe0f", "is empty"),
        ("x" * 101, "longer than 100"),
        ("Cup\x00", "cannot be shown"),
        ("Cup\x1b[31m", "cannot be shown"),
        ("Cup\x7f", "cannot be shown"),
        ("Cup\ud800", "cannot be shown"),
        ("\u202epuC", "holds a right-to-left override (U+202E)"),
        ("Cup\u2067", "holds a right-to-left isolate (U+2067)"),
        ("Zo\ufffd", "has lost a letter (U+FFFD)"),
        ("e" + "\u0301\u0316" * 4, "more than 5 marks on one letter"),
    ],
)
def test_bad_names_are_refused(name: str, why: str) -> None:
    """Empty to the eye, too long, with control characters, broken Unicode, or turning the text around."""
    assert why in problems(named(name))["name"]


def test_every_bad_line_is_told_at_once() -> None:
    """In the list's order, each by its number; a list that is bad all over is not told to its end."""
    lines = [EntrantLine(name="Anna", seed=0), EntrantLine(name=" "), EntrantLine(name="ANNA", seed=7)]
    assert problems(with_lines(*lines, EntrantLine(name="Bo", seed=7)))["participants"].split("\n") == [
        "The seed on line 1 must be a whole number from 1 to 1024.",
        "The name on line 2 is empty.",
        "“ANNA” stands on lines 1 and 3; spectators could not tell them apart.",
        "Seed 7 stands on lines 3 and 4; each seed is given once.",
    ]
    all_bad = problems(with_lines(*[EntrantLine(name="")] * 100))["participants"].split("\n")
    assert (len(all_bad), all_bad[-1]) == (21, "And 80 more.")


def test_a_line_is_called_by_the_number_that_its_writer_knows() -> None:
    """Where blank lines or a heading stand before it."""
    command = with_lines(EntrantLine(name="Anna", line=2), EntrantLine(name="anna", line=5))
    assert "lines 2 and 5" in problems(command)["participants"]


def test_a_bad_name_on_a_line_says_which_line() -> None:
    """So that a long pasted list can be mended."""
    command = with_lines(EntrantLine(name="Anna"), EntrantLine(name="  "))
    assert problems(command) == {"participants": "The name on line 2 is empty."}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Anna", "Anna"),
        ("Anna", "  ANNA "),
        ("Café", "Cafe\u0301"),
        ("Straße", "STRASSE"),
        ("Anna", "An\u200bna"),
        ("Anna", "Anna\u034f"),
        ("Anna", "Anna\ufe0f"),
        ("Anna", "\u3164Anna"),
        ("Anna", "An\U000e0100na"),
        ("Anna", "Anna\u2800"),
    ],
)
def test_a_name_stands_once(first: str, second: str) -> None:
    """Two that look alike are refused with both lines: case, spaces and invisible characters tell nobody
    apart."""
    command = CreateTournament(name="Cup", entrants=entrants([first, "Berta", second]))
    assert "lines 1 and 3" in problems(command)["participants"]


def test_names_that_only_sound_alike_may_both_play() -> None:
    """An accent is a difference."""
    assert problems(CreateTournament(name="Cup", entrants=entrants(["Zoe", "Zoé"]))) == {}


@pytest.mark.parametrize(("seed", "fits"), [(1, True), (1024, True), (0, False), (-1, False), (1025, False)])
def test_a_seed_is_from_1_to_1024(seed: int, fits: bool) -> None:
    """Gaps are fine; 0 is no seed."""
    command = with_lines(EntrantLine(name="Anna", seed=seed), EntrantLine(name="Berta"))
    assert ("participants" not in problems(command)) == fits


def test_a_seed_is_given_once() -> None:
    """Refused with the seed and both lines."""
    command = with_lines(
        EntrantLine(name="Anna", seed=2), EntrantLine(name="Berta"), EntrantLine(name="Carla", seed=2)
    )
    assert problems(command)["participants"].startswith("Seed 2 stands on lines 1 and 3")


@pytest.mark.parametrize(("count", "fits"), [(0, False), (1, False), (2, True), (1024, True), (1025, False)])
@pytest.mark.parametrize("seeding", ["standard", "given"])
def test_2_to_1024_may_play(count: int, seeding: str, fits: bool) -> None:
    """The field for the refusal is the list."""
    command = CreateTournament(name="Cup", entrants=players(count), seeding=seeding)
    assert set(problems(command)) == (set() if fits else {"participants"})


def test_byes_do_not_count_as_players() -> None:
    """One player and three byes make no tournament."""
    command = CreateTournament(name="Cup", entrants=entrants(["Anna", None, None, None]), seeding="given")
    assert "at least 2" in problems(command)["participants"]


@pytest.mark.parametrize(
    ("names_", "seeding", "fits"),
    [
        (["A", None, "B", "C"], "given", True),
        ([None, None, "B", "C"], "given", True),
        (["A", None, "B"], "given", False),
        (["A", None, "B", "C", None], "given", False),
        (["A", None, "B", "C"], "standard", False),
    ],
)
def test_byes_stand_in_a_full_given_draw(names_: list[str | None], seeding: str, fits: bool) -> None:
    """With byes marked, every line of the draw must be there; standard seeding places its own."""
    command = CreateTournament(name="Cup", entrants=entrants(names_), seeding=seeding)
    assert ("participants" not in problems(command)) == fits


@pytest.mark.parametrize(("count", "fits"), [(2, False), (3, False), (4, True)])
def test_a_third_place_needs_four(count: int, fits: bool) -> None:
    """With fewer there are not two semi-finals to lose."""
    command = CreateTournament(name="Cup", entrants=players(count), third_place=True)
    assert ("third_place" not in problems(command)) == fits


@pytest.mark.parametrize("field", ["format", "seeding", "visibility"])
def test_choices_are_named(field: str) -> None:
    """An unknown choice is refused with those that there are."""
    choices: dict[str, str] = {field: "magic"}
    command = CreateTournament(name="Cup", entrants=players(2), **choices)  # type: ignore[arg-type]
    assert "Choose one of: " in problems(command)[field]


def test_all_problems_come_at_once() -> None:
    """Nobody has to mend a form field by field."""
    command = CreateTournament(name="", entrants=(), format="x", seeding="y", visibility="z")
    assert set(problems(command)) == {"name", "format", "seeding", "visibility", "participants"}


def test_participants_are_numbered_by_line() -> None:
    """Ids count the players from 1, byes left out; seeds are kept."""
    lines = (EntrantLine(name="Anna", seed=2), EntrantLine(name=None), *entrants(["Berta", "Carla"]))
    draft = created(CreateTournament(name="Cup", entrants=lines, seeding="given"))
    kept = [(player.id, player.name, player.seed) for player in draft.participants.values()]
    assert kept == [(1, "Anna", 2), (2, "Berta", None), (3, "Carla", None)]


def test_names_are_kept_tidy() -> None:
    """The tournament's and the players'."""
    draft = created(CreateTournament(name=" My  Cup ", entrants=entrants([" Anna  B. ", "Berta"])))
    assert (draft.name, draft.participants[1].name) == ("My Cup", "Anna B.")


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_of_any_zone_is_kept_in_utc(moment: object) -> None:
    """To the millisecond, with a Z."""
    text = str(moment)
    try:
        kept = utc_time("at", text)
    except InvalidInput:
        assert text.startswith(("0001", "9999"))  # out of the calendar in UTC
    else:
        assert unicodedata.is_normalized("NFC", kept)
        assert kept.endswith("Z")
        assert len(kept) == len("2026-11-24T12:30:15.250Z")


@pytest.mark.parametrize(
    "stored",
    [
        StageSettings(format="single_elimination", legs=2),
        StageSettings(format="round_robin", grand_final="single"),
        StageSettings(format="round_robin", advance=1),
    ],
)
def test_what_a_log_holds_without_a_meaning_locks_nobody_out(stored: StageSettings) -> None:
    """It is refused of whoever asks for it anew; nobody can take it out of a draft that has it."""
    command = CreateTournament(name="Cup", entrants=players(4), stages=(stored,))
    assert len(problems(command)) == 1
    draft = TournamentCreated(
        tournament_id=7,
        name="Cup",
        format=stored.format,
        seeding="standard",
        third_place=False,
        visibility="public",
        created_at="2026-07-01T12:00:00.000Z",
        stages=(complete(stored),),
    )
    tournament = apply(Tournament(7), draft)
    for wish in (RegisterParticipants(entrants=players(5)), GenerateBracket()):
        for event in decide(tournament, wish, NOW):
            tournament = apply(tournament, event)
    assert len(tournament.participants) == 5
