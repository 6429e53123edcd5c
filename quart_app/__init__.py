"""Grandstand: a tournament, live on every open page.

Everything here is one arrow; each stop is a room:

    staff form → action → log → timeline → frame → every open page
                           ↳ bus → every other worker's timeline → frame → its pages

- ``domain/``   the rules: events, commands, brackets, the fold, decisions. Pure and synchronous.
- ``store/``    SQL: the event log, tournaments, staff. The log is the truth.
- ``timeline/`` the one present state that a worker has of a tournament, kept even with the log.
- ``actions/``  the use cases: load, decide, append, announce.
- ``show/``     what anybody sees: view models, fragments, projections.
- ``live/``     delivery: the bus (a hint), the hub and its rooms, frames (bytes built once), the wire.
- ``auth/``     who somebody is: tokens, passwords, sessions.
- ``web/``      what a browser or a program asks for: pages, staff forms, API, feeds.
- ``app.py``    ``create_app(settings)`` puts the rooms together; ``cli/main.py`` runs them.

Imports run one way: errors ← domain ← store ← timeline ← actions ← web ← app, timeline ← show ← web,
timeline ← live ← web, and auth ← web.
"""

__version__ = "0.1.0"
