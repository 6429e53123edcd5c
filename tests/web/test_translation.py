"""A browser that translates the page leaves names and the labels of matches alone: Turkey is no bird."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.web.hall import Browser, Hall
from tests.web.live_page import Element, parse

NAMES = ("Turkey", "Chile", "Jordan", "Chad")
OWN = re.compile(r"Turkey|Chile|Jordan|Chad|Cup|anna|SF \d|Winner of")
SPOKEN = ("aria-label", "title", "alt", "placeholder")


def translated(element: Element, may: bool = True) -> Iterator[str]:
    """Every text that a translation may touch, of elements and of the attributes that are read out."""
    if element.tag in ("script", "style", "textarea"):
        may = False
    may = {"no": False, "yes": True}.get(element.attributes.get("translate") or "", may)
    if may:
        yield from filter(None, (element.attributes.get(name) for name in SPOKEN))
    for child in element.children:
        if isinstance(child, Element):
            yield from translated(child, may)
        elif may and child.strip():
            yield child.strip()


async def test_no_page_lets_a_name_be_translated(hall: Hall, anna: Browser) -> None:
    """Neither spectators' pages nor the staff's, before the draw, in play and after it."""
    draft = await hall.tournament(*NAMES, generate=False)
    tournament = await hall.tournament(*NAMES, third_place=True)
    staff = f"/staff/tournaments/{tournament.id}/"
    public, match = f"/tournaments/{tournament.id}/", f"{staff}matches/1/"
    pages = ["/", "/staff/", "/staff/tournaments/new/", f"/tournaments/{draft.id}/"]
    pages += [f"/staff/tournaments/{draft.id}/", public, f"{public}matches/1/", staff, match]
    pages += [f"{public}matches/3/", f"{staff}matches/3/"]
    seen = [await anna.get(page) for page in pages]
    await anna.post(f"{match}start/")
    seen += [await anna.get(page) for page in pages]  # level
    await anna.post(f"{match}score/", {"participant1_score": "2", "participant2_score": "1"})
    seen += [await anna.get(page) for page in pages]
    seen.append(await anna.post(f"{match}confirm/", {"walkover": "on"}))
    for number in (1, 2, 3, 4):
        await anna.post(f"{staff}matches/{number}/confirm/", {"walkover": "on", "winner_id": "1"})
        await anna.post(f"{staff}matches/{number}/confirm/", {"walkover": "on", "winner_id": "2"})
        await anna.post(f"{staff}matches/{number}/confirm/", {"walkover": "on", "winner_id": "3"})
    seen += [await anna.get(page) for page in pages]
    twice = {"participants": "Turkey\nTurkey", "name": "Cup"}
    seen.append(await anna.post("/staff/tournaments/new/", twice))
    seen.append(
        await anna.post("/staff/tournaments/new/", twice | {"participants": "1. Turkey, Chad\n2. Chile"})
    )
    assert any("Champion" in answer.text or "1st" in answer.text for answer in seen)
    for answer in seen:
        assert answer.status in (200, 422)
        assert [text for text in translated(parse(answer.text)) if OWN.search(text)] == []
