"""Lists of participants: what is plain is read at once, what is not is shown first, nothing joins lines."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.domain.events import Entrant
from quart_app.domain.names import flaw
from quart_app.domain.rules import check_entrants, tidy
from quart_app.errors import InvalidInput
from quart_app.web.staff import forms, stage_forms
from quart_app.web.staff.entrants.lists import Wish, read_list, write_list

Read = list[tuple[str | None, int | None]]


def read(text: str, wish: Wish | None = None) -> Read:
    """The names and seeds of a list."""
    return [(entrant.name, entrant.seed) for entrant in read_list(text, wish).entrants]


def problems_of(form: forms.Form) -> dict[str, str]:
    """The problem of each field of a form that is refused."""
    with pytest.raises(InvalidInput) as refusal:
        stage_forms.read_create_tournament(form)
    return dict(refusal.value.problems)


PLAIN: dict[str, Read] = {
    "Argentina": [("Argentina", None)],
    "Argentina, 3": [("Argentina", 3)],
    "  Argentina ,3  ": [("Argentina", 3)],
    "Argentina\t3": [("Argentina", 3)],
    "Argentina; 3": [("Argentina", 3)],
    "Williams, Serena": [("Williams, Serena", None)],
    "Williams, Serena, 1": [("Williams, Serena", 1)],
    "Williams, Serena\t1": [("Williams, Serena", 1)],
    "Team 7": [("Team 7", None)],
    "254\n1678": [("254", None), ("1678", None)],
    "1. FC Köln\nBayern": [("1. FC Köln", None), ("Bayern", None)],
    "Argentina, -1": [("Argentina", -1)],
    ", 3": [("", 3)],
    "Ana,,,,\nBo,2,,,": [("Ana", None), ("Bo", 2)],
    "Ana, 1.0\nBo, 2.00": [("Ana", 1), ("Bo", 2)],
    "Ana\uff0c\uff11\nBo\u060c\u0662": [("Ana", 1), ("Bo", 2)],
    '"Williams, Serena",1\n"Boeing, 747"': [("Williams, Serena", 1), ("Boeing, 747", None)],
    '"Magic" Johnson\nBo': [('"Magic" Johnson', None), ("Bo", None)],
    "bye": [(None, None)],
    " BYE ": [(None, None)],
    "\ufeffbye\nAna": [(None, None), ("Ana", None)],
    "bye,,,": [(None, None)],
    "Name,Seed\nAna,1\nBo,2": [("Ana", 1), ("Bo", 2)],
    "- Ana\n- Bo": [("Ana", None), ("Bo", None)],
    "\u2068Ana\u2069, 1\n\u200eBo\u200e, 2": [("Ana", 1), ("Bo", 2)],
    "\u2068Ana, 1\nBo\u2069": [("Ana", 1), ("Bo", None)],
    "A\x0bB\x0cC\x85D\u2028E\u2029F\r\nG\rH": [(letter, None) for letter in "ABCDEFGH"],
    "\r\nA\r\n\r\n  \n,,,\nB\rC\n\n": [("A", None), ("B", None), ("C", None)],
    " \n ": [],
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_list_is_read_at_once(text: str) -> None:
    """A name a line, perhaps a seed: whatever ends the lines, parts the two or was left behind them."""
    assert (read(text), read_list(text).certain) == (PLAIN[text], True)


DOUBTFUL: dict[str, Read] = {
    "92,Fichman,1,,,,\n17,Boe,2,,,,": [("Fichman", 1), ("Boe", 2)],
    "Ana\t1\tBoston\nBo\t2\tRome": [("Ana", 1), ("Bo", 2)],
    "\tAna\t1\n7\tBo\t2": [("Ana", 1), ("Bo", 2)],
    "Seed\tName\tClub\n2\tAna\tRome\n1\tBo\tBern": [("Ana", 2), ("Bo", 1)],
    "Vorname;Nachname;Setzplatz\nAna;Ek;1\nBo;El;2": [("Ana Ek", 1), ("Bo El", 2)],
    "Ana;Boston\nBo;Rome": [("Ana", None), ("Bo", None)],
    "Players\nAna\nBo": [("Ana", None), ("Bo", None)],
    "1. Ana\n2. Bo": [("Ana", 1), ("Bo", 2)],
    "#4 Dave\nEve": [("Dave", 4), ("Eve", None)],
    "254, 1678, 604\n118, 148, 987": [("254, 1678, 604", None), ("118, 148, 987", None)],
    "Ana, Bo, Cem": [("Ana", None), ("Bo", None), ("Cem", None)],
    "Williams,Serena\nOsaka,Naomi": [("Williams, Serena", None), ("Osaka, Naomi", None)],
    "Argentina, 3rd": [("Argentina, 3rd", None)],
    "7, 254\n3, 118": [("7, 254", None), ("3, 118", None)],
    '"Ana\nSmith",1\nBo,2': [("Ana Smith", 1), ("Bo", 2)],
    '"Ana\nBo\nCem"': [('"Ana', None), ("Bo", None), ('Cem"', None)],
    '"bye"\nAna': [("bye", None), ("Ana", None)],
}


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_list_that_may_mean_more_is_read_as_it_was_probably_meant(text: str) -> None:
    """And is shown before it is saved."""
    assert (read(text), read_list(text).certain) == (DOUBTFUL[text], False)


def test_a_reading_says_what_of_a_line_it_leaves_out() -> None:
    """With the numbers of the lines as they stand in the text; a heading is left out whole."""
    reading = read_list("Nr,Name,Club\n\n7,Ana,Rome\n")
    assert [(line.number, line.name, line.left_out, line.heading) for line in reading.lines] == [
        (1, None, "Nr,Name,Club", True),
        (3, "Ana", "7 · Rome", False),
    ]


@pytest.mark.parametrize(
    ("wish", "wanted"),
    [
        (Wish("comma", ("seed", "name", ""), heading=False), [("Fichman", 92), ("Boe", 17)]),
        (Wish("comma", ("name", "name", "seed"), heading=False), [("92, Fichman", 1), ("17, Boe", 2)]),
        (Wish("comma", ("name", "", ""), heading=True), [("17", None)]),
        (Wish("line", (), heading=False), [("92,Fichman", 1), ("17,Boe", 2)]),
        (Wish("whole", (), heading=False), [("92,Fichman,1,,", None), ("17,Boe,2,,", None)]),
        (Wish("nonsense", (), heading=False), [("Fichman", 1), ("Boe", 2)]),
        (Wish("comma", ("name",), heading=False), [("Fichman", 1), ("Boe", 2)]),
    ],
)
def test_another_reading_can_be_chosen(wish: Wish, wanted: Read) -> None:
    """Which column is the name and which the seed, or no columns at all; garbage chooses nothing."""
    assert read("92,Fichman,1,,\n17,Boe,2,,", wish) == wanted


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        (("seed", "", ""), "Choose the column that holds the names."),
        (("seed", "name", "seed"), "Choose only one column that holds the seeds."),
        (("name", "seed", ""), "The seed on line 1 is no whole number: “Fichman”."),
    ],
)
def test_a_reading_that_cannot_be_is_told(roles: tuple[str, ...], sentence: str) -> None:
    """All that stands in its way at once."""
    assert sentence in read_list("92,Fichman,1", Wish("comma", roles, heading=False)).problems


# ---------------------------------------------------------------------- in a form


NEW = {"name": "Cup", "participants": "7,Ana,Rome\n9,Bo,Bern"}


def seen(form: forms.Form) -> forms.Form:
    """The form as it comes back from a page that showed its reading."""
    return {**form, "seen": forms.read_participants(form).seen}


def test_a_doubtful_list_is_saved_once_it_was_seen() -> None:
    """What is confirmed is what was shown."""
    assert list(problems_of(NEW)) == ["reading"]
    saved = stage_forms.read_create_tournament(seen(NEW)).entrants
    assert [(entrant.name, entrant.seed) for entrant in saved] == [("Ana", 7), ("Bo", 9)]


@pytest.mark.parametrize(
    "changed",
    [
        {"participants": "7,Ana,Rome\n8,Bo,Bern"},
        {"split": "comma", "comma_1": "", "comma_2": "name", "comma_3": "seed"},
        {"split": "comma", "comma_1": "seed", "comma_2": "name", "comma_3": "", "heading": "on"},
        {"again": "on"},
    ],
)
def test_what_was_not_seen_is_shown_again(changed: dict[str, str]) -> None:
    """Another text, another choice, or the wish to see it once more."""
    assert "reading" in problems_of({**seen(NEW), **changed})


def test_a_list_that_has_become_plain_needs_no_choice_any_more() -> None:
    """Choices that are still in the form do not count for it."""
    form = {**seen(NEW), "participants": "Ana\nBo", "split": "comma", "comma_1": "seed"}
    assert [entrant.name for entrant in stage_forms.read_create_tournament(form).entrants] == ["Ana", "Bo"]


def test_all_that_is_wrong_is_told_with_a_doubtful_list() -> None:
    """Not only that it must be looked at."""
    problems = problems_of({"name": "", "participants": "7,Ana,Rome\n7,ana,Bern\n7,Zo\ufffd,Rome"})
    assert list(problems) == ["name", "participants", "reading"]
    assert "lines 1 and 2" in problems["participants"]
    assert "The name on line 3 has lost a letter" in problems["participants"]


def test_a_problem_names_the_line_of_the_text_area() -> None:
    """Blank lines count where a person counts them."""
    with pytest.raises(InvalidInput, match="seed on line 6 must be a whole number from 1 to 1024"):
        check_entrants(read_list("A\n\nB\n\n\nC, 9999\nD").entrants, "standard")


# ---------------------------------------------------------------------- written back


def test_the_list_of_a_draft_reads_back_as_it_was() -> None:
    """What the edit form shows is what was registered, byes and seeds included."""
    entrants = [Entrant(id=1, name="A, B", seed=2), Entrant(id=None, name=None), Entrant(id=2, name="C")]
    assert write_list(entrants) == "A, B, 2\nbye\nC"


names = st.text(st.characters(codec="utf-8") | st.sampled_from(',;\t"\u060c0123456789. #-'), max_size=40)
odd = [
    "A, 3",
    "A,",
    ",",
    ", 3",
    "7",
    '"',
    '"A"',
    '"A',
    '""',
    '"A", 3',
    "A;B",
    "1. A",
    "#1 A",
    "- A",
    "Name",
    "Seed, Name",
]
entrants = st.one_of(
    st.just(Entrant(id=None, name=None)),
    st.builds(
        Entrant,
        id=st.just(1),
        name=(names | st.sampled_from(odd)).map(tidy).filter(lambda name: bool(name) and flaw(name) is None),
        seed=st.none() | st.integers(1, 1024),
    ),
)


@given(st.lists(entrants, min_size=1, max_size=8))
def test_any_list_reads_back_as_it_was(listed: list[Entrant]) -> None:
    """Names that look like a seed, columns, a heading or a quote survive the edit form, with no question."""
    text = write_list(listed)
    assert read(text) == [(entrant.name, entrant.seed) for entrant in listed]
    assert read_list(text).certain or any((entrant.name or "").casefold() == "bye" for entrant in listed)


def test_a_participant_called_bye_reads_back() -> None:
    """It is asked about, because a spreadsheet may quote a bye too."""
    assert read(write_list([Entrant(id=1, name="Bye", seed=3)])) == [("Bye", 3)]


@given(st.text(st.sampled_from('Ab1,;\t"\n\r #.\u2028\ufeff\u060c'), max_size=60))
def test_any_text_can_be_read_every_way(text: str) -> None:
    """Nothing breaks the reader, and no reading has more on a line than the line."""
    for split in (None, *read_list(text).splits):
        wish = None if split is None else Wish(split, (), heading=False)
        for line in read_list(text, wish).lines:
            assert 1 <= line.number <= len(text.splitlines())


@given(st.lists(st.sampled_from(["", "A", "B", "C", "a", "D, 1", "E, 1", "F, 0", "bye"]), max_size=12))
def test_blank_lines_never_make_a_good_list_bad(lines: list[str]) -> None:
    """A list is refused with blank lines only if it is refused without."""

    def fits(text: str) -> bool:
        try:
            check_entrants(read_list(text).entrants, "given")
        except InvalidInput:
            return False
        return True

    assert fits("\n".join(lines)) == fits("\n".join(line for line in lines if line))


@pytest.mark.parametrize("text", ["A\n\nB, 1\nbye\nBYE\n", "A\r\nB\r\n \r\nbye\r\nbye", "A,,\nB\nbye,\nbye"])
def test_the_count_tells_participants_and_byes(text: str) -> None:
    """The words beside the text area count what will be read."""
    assert read_list(text).count == (2, 2)


def test_a_seed_of_a_thousand_digits_is_only_too_large() -> None:
    """A number that Python will not even read is a seed out of range."""
    ((_, seed),) = read("A, " + "9" * 10_000)
    assert seed is not None
    assert seed > 1024


@pytest.mark.parametrize(
    "text", ["a\n" * 400_000, "," * 1_000_000 + "x", '"a\n' * 20_000, "a, " * 300_000, "\u2068" * 300_000]
)
def test_a_huge_text_is_read_in_little_time(text: str) -> None:
    """It is refused by its size or its names, and holds nobody up meanwhile."""
    started = time.process_time()
    read_list(text)
    assert time.process_time() - started < 2
