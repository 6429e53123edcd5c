"""The API's addresses.

A missing slash at the end is forgiven everywhere: a redirect would make many clients drop the body of a POST.
An id that no database can hold is an unknown one.
"""

from __future__ import annotations

TOURNAMENTS = "/api/tournaments/"
TOURNAMENT = f"{TOURNAMENTS}<id:tournament_id>/"
MATCH = f"{TOURNAMENT}matches/<id:match_id>/"
PARTICIPANT = f"{TOURNAMENT}participants/<id:participant_id>/"
STAGE = f"{TOURNAMENT}stages/<id:stage>/"
