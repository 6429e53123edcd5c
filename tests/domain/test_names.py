"""How names look: what a browser draws differently is different, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quart_app.domain import names
from quart_app.domain.rules import tidy

BLACK_FLAG, ZWJ, ZWNJ = "\U0001f3f4", "\u200d", "\u200c"


def flag(region: str) -> str:
    """The black flag with the tags of a region behind it."""
    return BLACK_FLAG + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"


def alike(first: str, second: str) -> bool:
    """Whether two names look the same."""
    return names.as_seen(tidy(first)) == names.as_seen(tidy(second))


DRAWN_APART = {
    "England, Scotland": (flag("gbeng"), flag("gbsct")),
    "Wales, a black flag": (flag("gbwls"), BLACK_FLAG),
    "England in a name": (f"Fans of {flag('gbeng')}", f"Fans of {BLACK_FLAG}"),
    "rainbow": ("\U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f3f3\ufe0f\U0001f308"),
    "pirates": ("\U0001f3f4\u200d\u2620\ufe0f", "\U0001f3f4\u2620\ufe0f"),
    "family": (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f468\u200d\U0001f469\U0001f467",
    ),
    "dark astronaut": (
        "\U0001f469\U0001f3ff\u200d\U0001f680",
        "\U0001f469\U0001f3ff\U0001f680",
    ),
    "kiss": (
        "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468",
        "\U0001f469\u2764\ufe0f\U0001f48b\U0001f468",
    ),
    "Persian, parted": (f"می{ZWNJ}خواهم", "میخواهم"),
    "Arabic, joined to nothing": (f"ب{ZWJ}", "ب"),
    "Sinhala conjunct": (f"ශ්{ZWJ}රී", "ශ්රී"),
    "Hindi half letter": (f"क्{ZWJ}ष", "क्ष"),
}


@pytest.mark.parametrize("pair", DRAWN_APART.values(), ids=DRAWN_APART)
def test_what_is_drawn_differently_is_different(pair: tuple[str, str]) -> None:
    """Tags and joiners count where a browser draws something else for them."""
    assert not alike(*pair)


DRAWN_ALIKE = {
    "a region without a flag": (flag("ustx"), BLACK_FLAG),
    "tags on a letter": ("A" + flag("gbeng")[1:], "A"),
    "two faces": (f"\U0001f600{ZWJ}\U0001f600", "\U0001f600\U0001f600"),
    "joiner in Latin": (f"An{ZWJ}na", "Anna"),
    "non-joiner in Latin": (f"An{ZWNJ}na", "Anna"),
    "non-joiner after alef": (f"دا{ZWNJ}ر", "دار"),
    "joiner between joined": (f"بی{ZWJ}ن", "بین"),
    "joiner at the end": (f"Ana{ZWJ}", "Ana"),
    "rainbow, unqualified": ("\U0001f3f3\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
    "soft hyphen": ("An\u00adna", "Anna"),
}


@pytest.mark.parametrize("pair", DRAWN_ALIKE.values(), ids=DRAWN_ALIKE)
def test_what_shows_nothing_is_no_difference(pair: tuple[str, str]) -> None:
    """The same joiners and tags elsewhere leave no trace, so they tell nobody apart."""
    assert alike(*pair)


@pytest.mark.parametrize(
    "text",
    [
        "\u2068Ana\u2069",
        "\u2066Ana\u2069 ",
        "\u202aAna\u202c",
        "\u202d\u2068Ana\u2069\u202c",
        "\u200eAna\u200f",
        " \u200e \u2068 Ana \u2069\u200e",
        "\ufeffAna\u200b",
        "A\u2068na\u2069",
    ],
)
def test_balanced_marks_of_direction_go(text: str) -> None:
    """Phones put them around names that are copied."""
    assert tidy(text) == "Ana"


@pytest.mark.parametrize(
    "text", ["\u2068Ana", "Ana\u2069", "\u2069Ana\u2068", "\u202aAna\u2069", "\u2068\u202eAna\u2069"]
)
def test_a_mark_that_is_left_open_is_refused_by_name(text: str) -> None:
    """It would turn around what stands after it on the page."""
    assert "(U+20" in (names.flaw(tidy(text)) or "")


@given(st.text(st.sampled_from("a \u0301\u200d\u200e\u2066\u2068\u2069\u202a\u202c\u202e\ufeff\u2028\u05d0")))
@example("\u2066\u202a\u2069\u202c")
def test_tidying_marks_twice_is_tidying_once(text: str) -> None:
    """Also where they are nested, mixed with white space, or broken."""
    assert tidy(tidy(text)) == tidy(text)


REAL = {
    "Hebrew with vowels and accents": "בְּרֵאשִׁ֖ית",
    "Arabic, vowelled": "مُحَمَّدٌ ﷺ اللّٰه",
    "Thai": "กิ๊ฟ ปั๊ม น้ำ",
    "Vietnamese, decomposed": "Nguye\u0302\u0303n",
    "Tibetan": "བསྒྲུབས་ཧཱུྃ",
    "Burmese": "ကျွန်ုပ် မြို့",
    "Khmer": "ស្ត្រី ព្រះ",
    "Lakota": "Wi\u0301\u030cc\u030cha",
}


@pytest.mark.parametrize("name", REAL.values(), ids=REAL)
def test_living_scripts_have_their_marks(name: str) -> None:
    """The bound on marks is for what no script writes."""
    assert names.flaw(tidy(name)) is None


@pytest.mark.parametrize("between", ["", "\u034f", "\u200d"])
def test_a_pile_of_marks_is_refused(between: str) -> None:
    """Also one that is stacked with characters between the marks that show nothing."""
    assert "more than 5 marks" in (names.flaw("Z" + between.join(["\u0316"] * 6)) or "")
    assert names.flaw("Z" + between.join(["\u0316"] * 5)) is None
