"""The rules of a tournament: pure and synchronous. No await, clock, database, network or randomness.

``commands`` are the wishes, ``events`` the facts; ``decisions.decide`` turns one into the other against the
``state`` that ``fold`` makes of the log. A module of ``formats`` builds the feeder graph and names its
places; ``bracket.graph`` moves players through it. ``parts`` tells what differs between two states.
"""
