"""Names from right to left: a score beside them reads as it is, wherever it stands in a sentence."""

from __future__ import annotations

import pytest

from quart_app.show.names import isolated
from tests.web.hall import Browser, Hall

ARABIC, HEBREW = "مانشستر", "חיפה"
BEAT = f"\u2068{ARABIC}\u2069 beat \u2068{HEBREW}\u2069 4–1"


@pytest.mark.parametrize("name", ["Ana", "Ōita", "Ижевск", "東京", "No. 7", ""])
def test_other_names_stay_plain(name: str) -> None:
    """Nothing that cannot be seen gets into their sentences."""
    assert isolated(name) == name


@pytest.mark.parametrize("name", [ARABIC, HEBREW, f"FC {ARABIC}", f"{HEBREW} 2"])
def test_a_name_with_letters_from_right_to_left_is_isolated(name: str) -> None:
    """Also where they are only a part of it."""
    assert isolated(name) == f"\u2068{name}\u2069"


async def test_sentences_isolate_such_names(hall: Hall, anna: Browser) -> None:
    """On the pad before it is final, in the story after, and for who hears the page."""
    tournament = await hall.tournament(ARABIC, HEBREW)
    path = f"/tournaments/{tournament.id}/matches/1/"
    await anna.post(f"/staff{path}start/")
    await anna.post(f"/staff{path}score/", {"participant1_score": "4", "participant2_score": "1"})
    assert BEAT in (await anna.get(f"/staff{path}")).text.replace("\u2060", "")
    await anna.post(f"/staff{path}confirm/")
    page = (await hall.stranger().get(path)).text
    assert f'data-says="{BEAT}"' in page
    assert f"\u2068{ARABIC}\u2069 4–1 \u2068{HEBREW}\u2069</span>" in page
    assert f'<span translate="no">{BEAT}</span>' in page
