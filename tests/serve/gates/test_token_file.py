"""Who gets in by a file of tokens, and what of the file changes meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from paddock.errors import Unauthorized, Unavailable
from paddock.serve.callers import Arrival, Caller, Limits
from paddock.serve.gates.token_file import BadTokenFile, TokenFile
from tests.serve.live import live_serving


def line(name: str, token: str, *limits: str) -> str:
    return " ".join([name, hashlib.sha256(token.encode()).hexdigest(), *limits]) + "\n"


def who(gate: TokenFile, token: str) -> Caller:
    return asyncio.run(gate.caller(Arrival({"authorization": f"Bearer {token}"})))


def test_names_and_limits_stand_beside_the_digest(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("# who\n\n" + line("shop", "s3", "requests=60", "concurrent=2  # so"))
    assert who(TokenFile(file), "s3") == Caller("shop", Limits(60, 0, 2))


def test_clients_get_in_with_a_key_and_not_without(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(line("shop", "s3", "requests=2"))
    with live_serving(gate=TokenFile(file)) as live:
        assert live.complete(key="s3").status_code == 200
        for wrong in ("-", "s4", "s3x", "x" * 5000):
            refused = live.complete(key=wrong)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")
            assert refused.json()["error"]["type"] == "authentication_error"
        assert live.client.get("/v1/models").status_code == 401
        assert live.client.get("/healthz").status_code == 200
        assert live.complete(key="s3").status_code == 200
        assert live.complete(key="s3").status_code == 429


def test_the_file_is_read_again_and_a_broken_one_lets_nobody_in(tmp_path: Path) -> None:
    file, clock = tmp_path / "tokens", [0.0]
    file.write_text(line("a", "one"))
    gate = TokenFile(file, now=lambda: clock[0])
    assert who(gate, "one").name == "a"
    file.write_text(line("b", "another"))
    clock[0] += 2
    assert who(gate, "another").name == "b"
    with pytest.raises(Unauthorized):
        who(gate, "one")
    file.write_text("nonsense\n")
    clock[0] += 2
    with pytest.raises(Unavailable):
        who(gate, "another")
    file.unlink()
    clock[0] += 2
    with pytest.raises(Unavailable):
        who(gate, "another")
    file.write_text(line("b", "another"))
    clock[0] += 2
    assert who(gate, "another").name == "b"


@pytest.mark.parametrize(
    "text",
    [
        "shop\n",
        "shop abc\n",
        "shop " + "A" * 64 + "\n",
        line("a b", "x"),
        line("a", "x", "requests=-1"),
        line("a", "x", "requests=0"),
        line("a", "x", "money=3"),
        line("a", "x", "tokens=" + "9" * 5000),
        line("a", "x") + line("b", "x"),
        "\udcff",
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadTokenFile, match="tokens"):
        TokenFile(file)
