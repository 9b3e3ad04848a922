"""The calls that clients make unasked get quick, empty answers."""

from __future__ import annotations

import httpx

from tests.live import LiveServer


def test_clients_learn_nothing_and_tell_nothing(shared_server: LiveServer) -> None:
    url = shared_server.url
    harnesses = httpx.get(f"{url}/api/agent-harnesses")
    assert harnesses.json() == {"standardEnvVars": [], "harnesses": {}}
    assert httpx.get(f"{url}/api/tasks").json() == {}
    assert httpx.head(f"{url}/api/telemetry/any/topic").status_code == 200
    assert httpx.post(f"{url}/v1/telemetry", content=b"\x00anything").status_code == 200
