"""The API's addresses.

A missing slash at the end is forgiven everywhere: a redirect would make many clients drop the body of a POST.
An id that no database can hold is an unknown one.
"""

from __future__ import annotations

from quart_app.show.shapes import ID_MAX

TOURNAMENTS = "/api/tournaments/"
TOURNAMENT = f"{TOURNAMENTS}<int(max={ID_MAX}):tournament_id>/"
MATCH = f"{TOURNAMENT}matches/<int(max={ID_MAX}):match_id>/"
PARTICIPANT = f"{TOURNAMENT}participants/<int(max={ID_MAX}):participant_id>/"
STAGE = f"{TOURNAMENT}stages/<int(max={ID_MAX}):stage>/"
