"""A hall with its staff, for the tests of their pages: browsers that fill in forms, and what they see."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import cast

from quart import Quart, Response
from quart.typing import TestClientProtocol as Client

from quart_app.actions.services import Services
from quart_app.actions.tournaments import create_tournament
from quart_app.domain.commands import CreateTournament, EntrantLine
from quart_app.domain.state.tournament import Tournament
from quart_app.web.doors.context import EXTENSION, Context

PASSWORD = "corner flag 9"
NAMES = ("Ana", "Bo", "Cem", "Di")


@dataclass(frozen=True)
class Answer:
    """An answer and its text, with what a person finds in it."""

    status: int
    location: str
    text: str

    def tag(self, pattern: str) -> str:
        """The first tag that holds this text, as it stands."""
        found = re.search(rf"<[^<>]*{pattern}[^<>]*>", self.text)
        assert found is not None, f"no tag with {pattern}"
        return found[0]

    def value(self, field: str) -> str:
        """What stands in a field of the form."""
        area = re.search(rf'<textarea[^>]*name="{field}"[^>]*>\n(.*?)</textarea>', self.text, re.DOTALL)
        found = (
            area[1]
            if area
            else cast(re.Match[str], re.search(r'value="([^"]*)"', self.tag(f'name="{field}"')))[1]
        )
        return html.unescape(found)

    def problem(self, field: str) -> str:
        """The sentence that a field with a problem points to; the field is marked and has the focus."""
        tag = self.tag(f'aria-describedby="{field}-error')
        assert 'aria-invalid="true"' in tag
        if tag.startswith("<fieldset"):  # which cannot have the focus: its first field has
            tag = cast(re.Match[str], re.search(r"<input[^>]*>", self.text[self.text.index(tag) :]))[0]
        assert "autofocus" in tag
        found = re.search(rf'id="{field}-error">(.*?)</p>', self.text, re.DOTALL)
        assert found is not None
        return html.unescape(found[1])

    @property
    def alert(self) -> str:
        """What is said above a refused form."""
        found = re.search(r'notice bad"[^>]*role="alert">\s*(?:<p[^>]*>)?(.+?)</p>', self.text, re.DOTALL)
        return html.unescape(found[1]) if found else ""


@dataclass(frozen=True)
class Browser:
    """Somebody's browser, with their cookies."""

    client: Client

    async def get(self, path: str) -> Answer:
        """Ask for a page."""
        return await _answer(await self.client.get(path))

    async def post(self, path: str, form: dict[str, str] | None = None, *, htmx: bool = False) -> Answer:
        """Send a form, as the browser itself or as htmx does."""
        headers = {"HX-Request": "true"} if htmx else {}
        return await _answer(await self.client.post(path, form=form or {}, headers=headers))


async def _answer(response: Response) -> Answer:
    text = await response.get_data(as_text=True)
    return Answer(response.status_code, response.headers.get("Location", ""), text)


@dataclass(frozen=True)
class Hall:
    """The app with an organiser, anna, and a scorer, bob."""

    app: Quart

    @property
    def services(self) -> Services:
        """What actions work with."""
        return cast(Context, self.app.extensions[EXTENSION]).services

    def stranger(self) -> Browser:
        """A browser in which nobody is signed in."""
        return Browser(self.app.test_client())

    async def sign_in(self, name: str) -> Browser:
        """A browser in which this member of staff is signed in."""
        browser = self.stranger()
        answer = await browser.post("/staff/login/", {"name": name, "password": PASSWORD})
        assert answer.status == 303
        return browser

    async def tournament(self, *names: str, generate: bool = True, third_place: bool = False) -> Tournament:
        """A tournament of these players, in a given draw; ``bye`` is one."""
        lines = tuple(EntrantLine(name=None if name == "bye" else name) for name in names or NAMES)
        command = CreateTournament(name="Cup", entrants=lines, seeding="given", third_place=third_place)
        return (await create_tournament(self.services, command, None, generate=generate)).tournament

    async def now(self, tournament_id: int) -> Tournament:
        """The tournament as its log has it."""
        return (await self.services.ledger.load(tournament_id)).tournament


@dataclass(frozen=True)
class Play:
    """A live match, Ana v Bo, at a score, with anna and bob at its pad."""

    hall: Hall
    anna: Browser
    tournament_id: int
    path: str

    async def version(self) -> str:
        """The match's present version, as a pad has it."""
        return str((await self.hall.now(self.tournament_id)).matches[1].version)

    async def score(self) -> tuple[int, int] | None:
        """The match's score."""
        return (await self.hall.now(self.tournament_id)).matches[1].score
