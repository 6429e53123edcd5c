"""How a name looks: what of it a browser draws, what two names must differ in, and what may not be in one.

Three kinds of characters show nothing by themselves and yet change what is drawn: the joiners of emoji and of
some scripts, the tags of three flags, and the marks that turn the direction of a text around.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product

MARKS_MAX = 5
"""Marks on one letter: no living script needs more, and a pile of them paints over the lines around it."""

_ISOLATES, _EMBEDDINGS = "\u2066\u2067\u2068", "\u202a\u202b\u202d\u202e"
_OPENS = {**dict.fromkeys(_ISOLATES, "\u2069"), **dict.fromkeys(_EMBEDDINGS, "\u202c")}
_REORDERING = frozenset({*_OPENS, *_OPENS.values()})
"""Unicode's embeddings, overrides and isolates: one that is left open turns the score beside it around."""

_AROUND = "\u200b\u200e\u200f\u061c\u2060\ufeff"
"""What phones and files leave before and after a text: direction marks, blanks without width, a BOM."""

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What shows nothing without being a format character (Cf): the rest of Unicode's
Default_Ignorable_Code_Point, and the blank of Braille."""

_NON_JOINER, _JOINER = "\u200c", "\u200d"
_TONES = "🏻🏼🏽🏾🏿"
_FLAGS = re.compile(
    "|".join(
        "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
        for region in ("gbeng", "gbsct", "gbwls")
    )
)
"""England, Scotland and Wales: the only tags that browsers draw."""

_LONE_PAIRS = "👦👦🧒🧒🏴☠⛓💥🫱🫲👁🗨🐕🦺😮💨🐻❄🍄🟫😶🌫🐈⬛😵💫🍋🟩"
_JOINED = frozenset(
    pair
    for firsts, seconds in (
        ("👨👩🧑", "⚕⚖✈❤🌾🍳🍼🎄🎓🎤🎨🏫🏭🐰💻💼🔧🔬🚀🚒🤝🦯🦰🦱🦲🦳🦼🦽🩰🫯"),
        ("⛹🏃🏄🏊🏋🏌👮👯👰👱👳👷💁💂💆💇🕵🙅🙆🙇🙋🙍🙎🚣🚴🚵🚶", "♀♂"),
        ("🤦🤵🤷🤸🤹🤼🤽🤾🦸🦹🧍🧎🧏🧔🧖🧗🧘🧙🧚🧛🧜🧝🧞🧟", "♀♂"),
        ("♀♂🏃🚶🦯🦼🦽🧎", "➡"),
        ("❤🐰💋🤝🫯", "👨👩🧑"),
        ("👨👩", "👦👧👨👩"),
        ("👧", "👦👧"),
        ("🧑", "🧑🧒"),
        ("🏳", "⚧🌈"),
        ("🙂", "↔↕"),
        ("🐦", "⬛🔥"),
        ("❤", "💋🔥🩹"),
    )
    for pair in product(firsts, seconds)
).union(zip(_LONE_PAIRS[::2], _LONE_PAIRS[1::2], strict=True))
"""Emoji that a joiner between them draws as one (all of Unicode's emoji-zwj-sequences.txt, 17.0). A tone of
skin may stand in between; two others stay two, joined or not."""


def _shapes(form: str) -> frozenset[str]:
    """The letters that have such a form: Unicode's Arabic presentation forms say which of them join."""
    shapes = (unicodedata.decomposition(chr(code)).split() for code in range(0xFB50, 0xFF00))
    return frozenset(chr(int(shape[1], 16)) for shape in shapes if shape[:1] == [form] and len(shape) == 2)


_JOIN_ONWARDS, _JOIN_BACK = _shapes("<initial>"), _shapes("<final>")


def unmarked(text: str) -> str:
    """Text without its balanced marks of direction. One that is left open stays, to be refused."""
    if text.isascii():
        return text
    opened: list[int] = []
    dropped: set[int] = set()
    for place, character in enumerate(text):
        if character in _OPENS:
            opened.append(place)
        elif character in _REORDERING and opened and _OPENS[text[opened[-1]]] == character:
            dropped |= {opened.pop(), place}
    return (
        "".join(character for place, character in enumerate(text) if place not in dropped)
        if dropped
        else text
    )


def bare(text: str) -> str:
    """Text without balanced marks of direction, and at its ends without blanks, even those without width."""
    if text.isascii():
        return text.strip()
    before = None
    while before != text:  # marks that cross each other come off one pair at a time
        before, text = text, unmarked(text).strip().strip(_AROUND)
    return text


def as_seen(name: str) -> str:
    """What tells a tidy name from another: neither case nor a character that changes nothing to the eye.

    What a device may draw either way (an emoji in colour or not, the variant of an ideograph) is no
    difference.
    """
    kept = {place for flag in _FLAGS.finditer(name) for place in range(*flag.span())}
    shown = [
        character
        for place, character in enumerate(name)
        if place in kept or character in (_JOINER, _NON_JOINER) or not _shows_nothing(character)
    ]
    return "".join(
        character
        for place, character in enumerate(shown)
        if character not in (_JOINER, _NON_JOINER) or _joins(shown, place)
    ).casefold()


def flaw(text: str) -> str | None:
    """Why text may not be shown to anybody, as the end of a sentence that begins with what it is; or None."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if character == "\ufffd":
            return "has lost a letter (U+FFFD): it was read in another encoding than it was written in"
        if character in _REORDERING:
            return f"holds a {unicodedata.name(character).lower()} (U+{ord(character):04X})"
        if category == "Cs" or (category == "Cc" and not character.isspace()):
            what = "half a character" if category == "Cs" else "a control character"
            return f"holds {what} (U+{ord(character):04X}), which cannot be shown"
        if category in ("Mn", "Me") and not _UNSEEN.match(character):
            marks += 1
        elif not _shows_nothing(character):
            marks = 0
        if marks > MARKS_MAX:
            return f"has more than {MARKS_MAX} marks on one letter"
    return None


def _shows_nothing(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or _UNSEEN.match(character) is not None


def _joins(shown: list[str], place: int) -> bool:
    """Whether the joiner or non-joiner at a place changes what is drawn."""
    before, after = _neighbour(shown, place, -1), _neighbour(shown, place, 1)
    joiner = shown[place] == _JOINER
    if joiner and (before, after) in _JOINED:
        return True
    if before in _JOIN_ONWARDS or after in _JOIN_BACK:
        # It parts two letters that would join, or joins one to nothing.
        both = before in _JOIN_ONWARDS and after in _JOIN_BACK
        return both != joiner
    previous, following = shown[place - 1 : place], shown[place + 1 : place + 2]
    return _is_virama(previous) or (joiner and _is_virama(following))


def _neighbour(shown: list[str], place: int, step: int) -> str:
    """The next letter or emoji that way, past marks, tones of skin and other joiners."""
    place += step
    while 0 <= place < len(shown):
        character = shown[place]
        if character not in _TONES and unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            return character
        place += step
    return ""


def _is_virama(at: list[str]) -> bool:
    """Whether it is the sign with which an Indic script (Devanagari to Sinhala) builds its conjuncts."""
    return at != [] and "\u0900" <= at[0] < "\u0e00" and unicodedata.combining(at[0]) == 9
