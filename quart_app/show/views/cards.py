"""View models of a match's card and of how it stands in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from quart_app.domain.bracket.match import Confirmed, Match
from quart_app.domain.events import THIRD_PLACE, WINNERS, Games
from quart_app.domain.parts import match_part
from quart_app.domain.scoring import standing
from quart_app.domain.state.tournament import Tournament, TournamentStatus
from quart_app.show.names import isolated, source_label
from quart_app.show.paths import match_path

COLOURS = ("white", "black")
"""Whose pieces are which in chess, by side."""

CALLED_OFF = "Called off"
"""What stands at a match in the place of "Live" once its tournament is cancelled."""


@dataclass(frozen=True, slots=True)
class SideView:
    """One side of a match. ``kind`` tells somebody known from somebody still unknown and from a bye.

    ``note`` stands small beside the score: the tie-break of a level score, or how a match ended unplayed.
    ``colour`` is that of their pieces, where they play with some.
    """

    kind: Literal["known", "unknown", "bye"]
    name: str
    participant_id: int | None = None
    seed: int | None = None
    score: str = ""
    note: str = ""
    won: bool = False
    lost: bool = False
    colour: str = ""


@dataclass(frozen=True, slots=True)
class MatchView:
    """A match's card. ``says`` is its state in one sentence, empty before play.

    ``falls`` is the match that its loser goes on to, by id and label. ``games`` are the scores of its games,
    in the order of the sides, and ``point`` says that the next one ends a game, or the match. ``called_off``
    says of a live one that it is played no further.
    """

    id: int
    seq: int
    status: str
    label: str
    path: str
    best_of: int
    third_place: bool
    sides: tuple[SideView, SideView]
    says: str
    games: Games = ()
    point: str = ""
    falls: tuple[int, str] | None = None
    all_played: bool = False
    corrected: bool = False
    annulled: bool = False
    bracket: int = 1
    called_off: bool = False


def match_view(tournament: Tournament, match: Match) -> MatchView:
    """A match's card."""
    return MatchView(
        id=match.match_id,
        seq=tournament.revision(match_part(match.match_id)),
        status=match.status.value,
        label=match.plan.label,
        path=match_path(tournament.id, match.match_id),
        best_of=match.plan.best_of,
        third_place=match.plan.stage == THIRD_PLACE,
        sides=(side_view(tournament, match, 0), side_view(tournament, match, 1)),
        says=sentence(tournament, match),
        games=match.games,
        point=standing(match.plan, tournament.stage_of(match).settings.games, match.games).value
        if match.live
        else "",
        falls=_falls(tournament, match),
        all_played=match.plan.all_played,
        corrected=match.corrected,
        annulled=match.uncounted,
        bracket=tournament.bracket_id or 1,
        called_off=match.live and is_called_off(tournament),
    )


def is_called_off(tournament: Tournament) -> bool:
    """Whether what is being played is played no further; what is only put off is played to its end."""
    return tournament.status is TournamentStatus.CANCELLED


def _falls(tournament: Tournament, match: Match) -> tuple[int, str] | None:
    """Where the loser of a match plays on: told for a match after which nobody has to go home."""
    if match.plan.side != WINNERS:
        return None
    for match_id in tournament.feeds.get(match.match_id, ()):
        fed = tournament.matches[match_id]
        if any(source.loser_of == match.match_id for source in fed.plan.slots):
            return match_id, fed.plan.label
    return None


def sentence(tournament: Tournament, match: Match) -> str:
    """How a match stands, for somebody who cannot see the card: "Argentina lead France 2–1".

    Empty for a match that has not begun.
    """
    first, second = (tournament.participant(slot.participant_id) for slot in match.slots)
    if first is None or second is None:
        return ""
    names = isolated(first.name), isolated(second.name)
    if match.confirmed is None:
        return _running_sentence(*names, match.score, is_called_off(tournament)) if match.live else ""
    swapped = match.confirmed.result.winner_id == second.id
    told = result_sentence(
        match.confirmed, *(reversed(names) if swapped else names), halves=halves(tournament, match)
    )
    if match.uncounted:
        return f"{told}, which does not count"
    return f"Corrected: {told}" if match.corrected else told


def halves(tournament: Tournament, match: Match) -> bool:
    """Whether a draw of this match is half a point each, as in chess."""
    return tournament.stage_of(match).settings.games.result


def result_sentence(confirmed: Confirmed, winner: str, loser: str, *, halves: bool) -> str:
    """How a match ended: "Argentina beat France 2–1". Where nobody has won, the names are those of the
    sides."""
    result = confirmed.result
    if result.drawn:
        return f"{winner} and {loser} drew {'½–½' if halves else _dashed(confirmed.score)}"
    if result.winner_id is None:
        return f"Neither {winner} nor {loser} goes on"
    if result.walkover:
        return f"{winner} beat {loser} by walkover"
    if result.tiebreak is not None:
        after = _dashed(confirmed.score)
        return f"{winner} beat {loser} {_dashed(result.tiebreak)} in the tie-break, after {after}"
    return f"{winner} beat {loser} {_dashed(confirmed.score)}"


def _running_sentence(first: str, second: str, score: tuple[int, int] | None, called_off: bool) -> str:
    a, b = score or (0, 0)
    if a == b == 0 and not called_off:
        return f"{first} and {second} are playing, 0–0"
    stands = f"{first} lead {second} {a}–{b}" if a > b else f"{second} lead {first} {b}–{a}"
    if a == b:
        stands = f"{first} and {second} are level at {a}–{b}"
    return f"{CALLED_OFF}: {stands}" if called_off else stands


def _dashed(pair: tuple[int, int] | None) -> str:
    """The winner's score first, which is the higher one."""
    a, b = pair or (0, 0)
    return f"{max(a, b)}–{min(a, b)}"


def _score(tournament: Tournament, match: Match, side: int) -> str:
    if match.score is None:
        return ""
    halved = match.result is not None and match.result.drawn and halves(tournament, match)
    return "½" if halved else str(match.score[side])


def side_view(tournament: Tournament, match: Match, side: int) -> SideView:
    """One side of a match, 0 or 1."""
    slot = match.slots[side]
    if slot.bye:
        return SideView("bye", "Bye")
    participant = tournament.participant(slot.participant_id)
    if participant is None:
        return SideView("unknown", source_label(tournament, match.plan.slots[side]))
    result = None if match.uncounted else match.result
    note = ""
    if result is not None:
        if result.tiebreak is not None:
            note = f"({result.tiebreak[side]})"
        elif result.walkover and result.winner_id != participant.id:
            note = "w/o"
    return SideView(
        kind="known",
        name=participant.name,
        participant_id=participant.id,
        seed=participant.seed,
        score=_score(tournament, match, side),
        note=note,
        won=result is not None and result.winner_id == participant.id,
        lost=result is not None and not result.drawn and result.winner_id != participant.id,
        colour=COLOURS[side] if tournament.stage_of(match).settings.games.preset == "chess" else "",
    )
