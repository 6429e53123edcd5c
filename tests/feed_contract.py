"""The keys that the four events of play keep for ever, as docs/feed.md has them."""

from __future__ import annotations

CONTRACT = {
    "match_started": {
        "match_id",
        "tournament_id",
        "participant1_id",
        "participant1_name",
        "participant2_id",
        "participant2_name",
        "scheduled_time",
        "bracket_round",
        "bracket_position",
    },
    "score_updated": {
        "match_id",
        "tournament_id",
        "participant1_score",
        "participant2_score",
        "updated_at",
        "updated_by",
    },
    "match_completed": {
        "match_id",
        "tournament_id",
        "winner_id",
        "winner_name",
        "loser_id",
        "loser_name",
        "participant1_score",
        "participant2_score",
        "confirmed_at",
        "confirmed_by",
    },
    "bracket_updated": {
        "bracket_id",
        "tournament_id",
        "updated_nodes",
        "next_matches",
        "bracket_status",
        "updated_at",
    },
}
