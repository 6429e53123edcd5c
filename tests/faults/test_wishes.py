"""What a campaign plays is worth breaking: everything that staff change their minds about is in it."""

from __future__ import annotations

from functools import reduce

from quart_app.domain import commands
from quart_app.domain.decisions import decide
from quart_app.domain.fold import apply
from tests.domain.strategies import NOW, drawn, players
from tests.faults.campaign import PLAYERS, wish

KINDS = {
    commands.StartMatch,
    commands.UpdateScore,
    commands.ConfirmResult,
    commands.CorrectResult,
    commands.ReopenMatch,
    commands.VoidMatch,
    commands.PostponeTournament,
    commands.ResumeTournament,
    commands.RenameParticipant,
    commands.WithdrawParticipant,
    commands.ReinstateParticipant,
}


def test_a_campaign_changes_its_mind_about_everything() -> None:
    """In a dozen of them; and no wish is in vain, as a campaign waits for each to be in the log."""
    wished: set[type[commands.Command]] = set()
    for seed in range(12):
        tournament = drawn(players(PLAYERS))
        for _ in range(60):
            command = wish(seed, tournament)
            told = decide(tournament, command, NOW, None)
            assert told, f"{seed}: {command} changes nothing"
            tournament = reduce(apply, told, tournament)
            wished.add(type(command))
    assert wished == KINDS
