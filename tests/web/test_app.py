"""The application as a whole: what it says about itself."""

from __future__ import annotations

import re

import httpx

from tests.live import LiveServer


def test_the_api_describes_itself_without_two_operations_of_one_name(
    shared_server: LiveServer,
) -> None:
    # A duplicate is a warning, which would be an error here and a 500 in the answer.
    answer = httpx.get(f"{shared_server.url}/openapi.json")
    assert answer.status_code == 200
    operations = [
        operation for path in answer.json()["paths"].values() for operation in path.values()
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) > 40
    assert len(set(ids)) == len(ids)


def test_every_parameter_of_every_address_is_described(shared_server: LiveServer) -> None:
    paths = httpx.get(f"{shared_server.url}/openapi.json").json()["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            described = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert set(re.findall(r"{(\w+)}", path)) == described, path
    info = paths["/api/{kind}/{namespace}/{name}"]["get"]
    assert "datasets" in info["parameters"][0]["description"]
