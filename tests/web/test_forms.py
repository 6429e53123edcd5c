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
from quart_app.domain.events import StageSettings
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
