"""Pairing as a process of its own: a round takes a second or so of pure computing, and no request shall wait
for it. It reads a question as JSON and writes its answer."""

from __future__ import annotations

import sys

import msgspec

from quart_app.domain.pairing.ask import PairingQuestion
from quart_app.domain.pairing.dutch import answer

if __name__ == "__main__":
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=PairingQuestion)
    sys.stdout.buffer.write(msgspec.json.encode(answer(question)))
