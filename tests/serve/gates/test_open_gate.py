"""A server without keys is for this machine: its programs, and pages that it serves itself."""

from __future__ import annotations

import asyncio

import pytest

from paddock.serve.callers import Arrival
from paddock.serve.gates.open_gate import OpenGate
from tests.serve.live import live_serving

OWN = ["http://localhost:3000", "http://127.0.0.1", "https://ui.localhost", "http://[::1]:5173"]
FOREIGN = ["https://example.org", "null", "http://localhost.example.org", "http://[", "file://"]


@pytest.mark.parametrize("origin", [*OWN, *FOREIGN])
def test_a_page_of_another_site_does_not_use_this_machines_models(origin: str) -> None:
    with live_serving(gate=OpenGate(is_local=True)) as live:
        body = b'{"model": "m", "prompt": "x"}'
        headers = {"origin": origin, "content-type": "text/plain"}  # which browsers just send
        answer = live.client.post("/v1/completions", content=body, headers=headers)
        assert answer.status_code == (200 if origin in OWN else 403)
        assert live.complete().status_code == 200  # a program sends no origin


@pytest.mark.parametrize("name", ["rebound.example.org:8001", "10.0.0.1", "localhost.example.org"])
def test_a_page_whose_name_was_made_to_lead_here_does_not_either(name: str) -> None:
    with live_serving(gate=OpenGate(is_local=True)) as live:
        port = live.client.base_url.port
        for own in (f"localhost:{port}", f"127.0.0.1:{port}", "[::1]", "LOCALHOST."):
            assert live.client.get("/v1/models", headers={"host": own}).status_code == 200
        assert live.client.get("/v1/models", headers={"host": name}).status_code == 403


def test_who_opened_the_server_to_all_opened_it_to_pages_too() -> None:
    with live_serving(gate=OpenGate()) as live:
        answer = live.client.get("/v1/models", headers={"origin": FOREIGN[0]})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_who_has_a_whole_network_of_addresses_is_one_caller() -> None:
    def name(address: str) -> str:
        return asyncio.run(OpenGate().caller(Arrival({}, address))).name

    assert name("192.0.2.1") != name("192.0.2.2")
    assert name("2001:db8:0:1::1") == name("2001:db8:0:1:ffff::2") != name("2001:db8:0:2::1")
    assert name("::ffff:192.0.2.1") == name("192.0.2.1") != name("::ffff:192.0.2.2")
    assert name("::1") == "address:::1"
    assert name("") == "address:"  # a socket without addresses
