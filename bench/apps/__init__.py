"""The peers that are Python programs: a feed each, as its framework's documentation writes one.

Each hears Redis once per process, keeps a queue per client, and sends the same frames as this project. None
routes, authorises or limits anything, or keeps what was sent.
"""
