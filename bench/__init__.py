"""The bench: what delivery costs here, and at the peers, measured in the same way on the same machine.

- ``measures.py``     the measures, one function each; ``python -m bench NAME`` runs one, ``make bench`` all.
- ``peers.py``        how each server is started: this project, a floor in C, nchan, and Python's usual ways.
- ``apps/``           the peers that are Python programs, each as its framework's documentation writes it.
- ``publishers/``     one small program per kind of peer that sends the events, from outside the server.
- ``sse_load.c``      the spectators; ``sse_floor.c`` the least a server can do.
- ``load.py``         compiles and drives ``sse_load``; ``processes.py`` starts and ends whatever else is run.
- ``machine.py``      cores, processor time, memory, versions.
- ``running.py``      one run of events between a publisher, a server and spectators.
- ``results.py``      the figures of every round, in ``bench/results.json``; ``targets.py`` what to reach.
- ``report.py``       turns them into the tables of ``docs/performance.md``.
- ``soak.py``         whether the server stays as it is under churn; ``crowd.py`` those who come and go.
- ``profile.py``      where the server's time goes, with py-spy.
"""
