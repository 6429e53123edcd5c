"""Forms read into commands: what is typed arrives, and what cannot be read is told beside its field."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.domain.commands import (
    ChangeVisibility,
    ConfirmResult,
    CreateTournament,
    EntrantLine,
    RegisterParticipants,
    StartMatch,
    UpdateScore,
)
from quart_app.domain.events import Entrant, StageSettings
from quart_app.domain.rules import check_entrants, tidy
from quart_app.errors import InvalidInput
from quart_app.web.staff import forms, stage_forms

SCORE = {"participant1_score": "2", "participant2_score": "1", "version": "7"}

READERS: dict[str, Callable[[forms.Form], object]] = {
    "login": forms.read_login,
    "create": stage_forms.read_create_tournament,
    "participants": forms.read_register_participants,
    "visibility": forms.read_change_visibility,
    "start": lambda form: forms.read_start_match(1, form),
    "score": lambda form: forms.read_update_score(1, form),
    "confirm": lambda form: forms.read_confirm_result(1, form),
}
FIELDS = (
    "name",
    "password",
    "next",
    "participants",
    "seeding",
    "third_place",
    "visibility",
    "participant1_score",
    "participant2_score",
    "participant1_tiebreak",
    "participant2_tiebreak",
    "step",
    "version",
    "walkover",
    "winner_id",
    "notes",
)


def problems_of(read: Callable[[forms.Form], object], form: forms.Form) -> dict[str, str]:
    """The problem of each field that a reader refuses."""
    with pytest.raises(InvalidInput) as refusal:
        read(form)
    return dict(refusal.value.problems)


@pytest.mark.parametrize(
    ("line", "entrant"),
    [
        ("Argentina", EntrantLine(name="Argentina")),
        ("Argentina, 3", EntrantLine(name="Argentina", seed=3)),
        ("  Argentina ,3  ", EntrantLine(name="Argentina ", seed=3)),
        ("Argentina\t3", EntrantLine(name="Argentina", seed=3)),
        ("Williams, Serena", EntrantLine(name="Williams, Serena")),
        ("Williams, Serena, 1", EntrantLine(name="Williams, Serena", seed=1)),
        ("Williams, Serena\t1", EntrantLine(name="Williams, Serena", seed=1)),
        ("Boeing, 747,", EntrantLine(name="Boeing, 747")),
        ("Team 7", EntrantLine(name="Team 7")),
        ("Argentina, -1", EntrantLine(name="Argentina", seed=-1)),
        ("Argentina, 3rd", EntrantLine(name="Argentina, 3rd")),
        ("bye", EntrantLine(name=None)),
        (" BYE ", EntrantLine(name=None)),
        ("bye,", EntrantLine(name="bye")),
        (", 3", EntrantLine(name="", seed=3)),
    ],
)
def test_a_line_is_a_name_and_perhaps_a_seed(line: str, entrant: EntrantLine) -> None:
    """Only a whole number after the last comma or tab is a seed; `bye` alone is a bye."""
    assert forms.read_entrants(line) == (entrant,)


def test_blank_lines_and_any_line_end_are_fine() -> None:
    """A list pasted from anywhere keeps its lines."""
    names = [line.name for line in forms.read_entrants("\r\nA\r\n\r\n  \nB\rC\n\n")]
    assert names == ["A", "B", "C"]


def test_an_empty_list_has_no_entrants() -> None:
    """Nothing typed is nobody, for the domain to refuse."""
    assert forms.read_entrants(" \n ") == ()


def test_a_problem_names_the_line_of_the_text_area() -> None:
    """Blank lines count where a person counts them."""
    problems = problems_of(stage_forms.read_create_tournament, {"participants": "A\n\nB\n\n\nC, 9999\nD"})
    assert problems == {"participants": "The seed on line 6 must be a whole number from 1 to 1024."}


def test_a_problem_names_both_lines_of_the_text_area() -> None:
    """So do two lines that collide."""
    problems = problems_of(forms.read_register_participants, {"participants": "\nAnna\n\nanna\nC"})
    assert "lines 2 and 4" in problems["participants"]


def test_the_seed_of_a_thousand_digits_is_only_too_large() -> None:
    """A number that Python will not even read is a seed out of range."""
    (line,) = forms.read_entrants("A, " + "9" * 10_000)
    assert line.seed is not None
    assert line.seed > 1024


def test_the_list_of_a_draft_reads_back_as_it_was() -> None:
    """What the edit form shows is what was registered, byes and seeds included."""
    entrants = [Entrant(id=1, name="A, B", seed=2), Entrant(id=None, name=None), Entrant(id=2, name="C")]
    assert forms.write_entrants(entrants) == "A, B, 2\nbye\nC"


names = st.text(max_size=40).map(tidy).filter(bool)
entrants = st.one_of(
    st.just(Entrant(id=None, name=None)),
    st.builds(Entrant, id=st.just(1), name=names, seed=st.none() | st.integers(1, 1024)),
    st.builds(
        Entrant,
        id=st.just(1),
        name=st.sampled_from(["bye", "Bye", "A, 3", "A,", ",", ", 3", "7"]),
        seed=st.none(),
    ),
)


@given(st.lists(entrants, min_size=1, max_size=8))
def test_any_list_reads_back_as_it_was(listed: list[Entrant]) -> None:
    """Names that look like a seed or a bye survive the edit form too."""
    read = [
        (line.name and tidy(line.name), line.seed)
        for line in forms.read_entrants(forms.write_entrants(listed))
    ]
    assert read == [(entrant.name, entrant.seed) for entrant in listed]


@given(st.lists(st.sampled_from(["", "A", "B", "C", "a", "D, 1", "E, 1", "F, 0", "bye"]), max_size=12))
def test_blank_lines_never_make_a_good_list_bad(lines: list[str]) -> None:
    """A list is refused with blank lines only if the domain refuses it without."""
    try:
        read = forms.read_entrants("\n".join(lines))
    except InvalidInput:
        read = forms.read_entrants("\n".join(line for line in lines if line))
        with pytest.raises(InvalidInput):
            check_entrants(read, "given")
    assert len(read) == len([line for line in lines if line])


@pytest.mark.parametrize("text", ["A\n\nB, 1\nbye\nBYE\n", "A\r\nB\r\n \r\nbye\r\nbye"])
def test_the_count_tells_participants_and_byes(text: str) -> None:
    """The words beside the text area count what will be read."""
    assert forms.count_entrants(text) == (2, 2)


def test_a_new_tournament_is_read_whole() -> None:
    """Every field of the form reaches the command."""
    form = {
        "name": "Cup",
        "participants": "A\nB",
        "seeding": "given",
        "third_place": "on",
        "visibility": "private",
    }
    assert stage_forms.read_create_tournament(form) == CreateTournament(
        name="Cup",
        entrants=(EntrantLine(name="A"), EntrantLine(name="B")),
        seeding="given",
        visibility="private",
        stages=(StageSettings(format="single_elimination", third_place=True),),
    )


def test_participants_are_read() -> None:
    """The edit form of a draft reads the same lines."""
    command = forms.read_register_participants({"participants": "A\nB, 1"})
    assert command == RegisterParticipants(entrants=(EntrantLine(name="A"), EntrantLine(name="B", seed=1)))


def test_visibility_is_read() -> None:
    """What it may be is the domain's to say."""
    assert forms.read_change_visibility({"visibility": "x"}) == ChangeVisibility(visibility="x")


def test_a_start_is_read() -> None:
    """It only needs the match."""
    assert forms.read_start_match(3, {}) == StartMatch(match_id=3)


def test_a_score_is_read_as_typed() -> None:
    """Absolute numbers with the version that the form showed."""
    assert forms.read_update_score(3, SCORE) == UpdateScore(
        match_id=3, participant1_score=2, participant2_score=1, version=7
    )


@pytest.mark.parametrize(
    ("step", "score"),
    [
        ("participant1_plus", (3, 1)),
        ("participant1_minus", (1, 1)),
        ("participant2_plus", (2, 2)),
        ("participant2_minus", (2, 0)),
    ],
)
def test_a_step_counts_from_the_score_beside_it(step: str, score: tuple[int, int]) -> None:
    """Plus and minus work without a script."""
    command = forms.read_update_score(3, SCORE | {"step": step})
    assert (command.participant1_score, command.participant2_score) == score


@pytest.mark.parametrize("text", ["", "two", "1.5", "1e3", "0x1", "½"])
def test_a_score_that_is_no_whole_number_is_refused_beside_its_field(text: str) -> None:
    """The other field is not blamed."""
    problems = problems_of(READERS["score"], SCORE | {"participant2_score": text})
    assert problems == {"participant2_score": "Enter a whole number, such as 2."}


def test_an_unknown_step_is_refused() -> None:
    """A form that is not ours gets a sentence too."""
    assert list(problems_of(READERS["score"], SCORE | {"step": "up"})) == ["step"]


def test_a_version_that_is_no_number_is_refused() -> None:
    """It would otherwise count as no version, and overwrite somebody's score."""
    assert list(problems_of(READERS["score"], SCORE | {"version": "x"})) == ["version"]


def test_a_result_by_the_score_is_read() -> None:
    """Empty fields are none."""
    form = {"participant1_tiebreak": "", "participant2_tiebreak": " ", "notes": " ", "version": "7"}
    assert forms.read_confirm_result(3, form) == ConfirmResult(match_id=3, version=7)


def test_a_tie_break_is_read() -> None:
    """Both sides, with the notes."""
    form = {"participant1_tiebreak": "4", "participant2_tiebreak": "2", "notes": " penalties "}
    assert forms.read_confirm_result(3, form) == ConfirmResult(
        match_id=3, participant1_tiebreak=4, participant2_tiebreak=2, notes="penalties"
    )


@pytest.mark.parametrize(("typed", "winner_id"), [("12", 12), ("nobody", None)])
def test_a_walkover_is_read(typed: str, winner_id: int | None) -> None:
    """One side goes on, or neither."""
    command = forms.read_confirm_result(3, {"walkover": "on", "winner_id": typed})
    assert command == ConfirmResult(match_id=3, walkover=True, winner_id=winner_id)


@pytest.mark.parametrize("typed", ["", "France"])
def test_a_walkover_must_say_who_goes_on(typed: str) -> None:
    """Nothing chosen must not put both sides out."""
    assert list(problems_of(READERS["confirm"], {"walkover": "on", "winner_id": typed})) == ["winner_id"]


def test_a_login_is_read() -> None:
    """The password is taken as it is, spaces included."""
    login = forms.read_login({"name": " anna ", "password": " p ", "next": "/staff/"})
    assert login == forms.Login("anna", " p ", "/staff/")


def test_a_login_needs_both() -> None:
    """Each empty field has its own sentence."""
    assert list(problems_of(forms.read_login, {})) == ["name", "password"]


@pytest.mark.parametrize("reader", READERS)
@given(
    form=st.dictionaries(
        st.sampled_from(FIELDS), st.text() | st.from_regex(r"[+-]?\d{1,6000}", fullmatch=True)
    )
)
def test_garbage_is_at_most_invalid_input(reader: str, form: dict[str, str]) -> None:
    """Whatever a form holds, a reader gives a command or says what to fix."""
    try:
        read: object = READERS[reader](form)
    except InvalidInput as refusal:
        read = refusal.problems
    assert read
