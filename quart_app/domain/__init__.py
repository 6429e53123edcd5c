"""The rules of a tournament: pure and synchronous. No await, clock, database, network or randomness.

``commands`` are the wishes, ``events`` the facts; ``decisions.decide`` turns one into the other against the
state that ``tournament.Tournament.apply`` folds from the log. ``bracket`` moves players through the feeder
graph that a module of ``formats`` built.
"""
