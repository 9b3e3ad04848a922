"""Schemathesis against the published OpenAPI document: nothing that it thinks of is a failure of
ours, whether it makes up repositories or is told of one that exists."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.live import LiveServer

SECONDS = 400
# What is asked for when every address shall name something that is there.
REAL = """
[parameters]
kind = "models"
namespace = "boss"
name = "real"
rev = "main"
num = 1
"""


@pytest.fixture(scope="module")
def _real_repository(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/real")
    api.upload_file(path_or_fileobj=b"a", path_in_repo="a.txt", repo_id="boss/real")
    api.create_discussion("boss/real", "A question", description="Why?")
    api.create_tag("boss/real", tag="v1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parameters", "phases"),
    [("", "fuzzing"), (REAL, "examples,coverage,fuzzing")],
    ids=["made-up names", "names that exist"],
)
@pytest.mark.usefixtures("_real_repository")
def test_no_request_that_fits_the_schema_or_nearly_is_a_server_error(
    shared_server: LiveServer, parameters: str, phases: str, tmp_path: Path
) -> None:
    (tmp_path / "schemathesis.toml").write_text(parameters)
    done = subprocess.run(
        [
            Path(sys.executable).parent / "st",
            "run",
            f"{shared_server.url}/openapi.json",
            "--checks=not_a_server_error",
            f"--phases={phases}",
            "--max-examples=2",
            "--suppress-health-check=all",
            "--no-color",
            f"--header=Authorization: Bearer {shared_server.admin_token}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout[:20_000]
    assert "Test cases" in done.stdout


def test_the_document_describes_every_route_that_is_offered(shared_server: LiveServer) -> None:
    document = httpx.get(f"{shared_server.url}/openapi.json").json()
    assert len(document["paths"]) > 100
    assert document["info"]["title"] == "paddock"
