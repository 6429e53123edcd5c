"""Requests are counted by route."""

from __future__ import annotations

from tests.server import Server


async def test_answers_are_counted_by_method_route_and_status(server: Server) -> None:
    """A page, and a page that is not there, each count once, under the route and not the path."""
    tournament = await server.tournament()
    await server.client.get(f"/tournaments/{tournament.id}/")
    await server.client.get("/tournaments/4711/")
    lines = (await server.client.get("/metrics")).text.splitlines()
    ours = [line for line in lines if "grandstand_http_requests_total{" in line]
    counted = [line for line in ours if "/tournaments/" in line]
    assert sorted(line.partition('status="')[2] for line in counted) == ['200"} 1.0', '404"} 1.0']
