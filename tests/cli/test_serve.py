"""``paddock serve`` on the command line: what it says, and what it says when it will not."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Paddock
from tests.live import LiveServer
from tests.serve.process import STARTER, running_server


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


def test_a_model_of_the_hub_by_the_curl_line_that_is_printed(
    server: LiveServer, tmp_path: Path
) -> None:
    server.admin_api.create_repo("boss/shop", private=True)
    server.admin_api.upload_folder(repo_id="boss/shop", folder_path=STARTER)
    env = {"HF_ENDPOINT": server.url, "HF_TOKEN": server.admin_token}
    with running_server(tmp_path, "boss/shop@main", "--auth", "hub", env=env) as serving:
        line = next(each for each in serving.said if "curl" in each).strip()
        asked = shlex.split(line.replace("TOKEN", server.admin_token))
        told = subprocess.run([*asked, "-sS"], capture_output=True, text=True, check=True)
        assert '"role":"assistant"' in told.stdout, told.stdout
        refused = subprocess.run(
            [*shlex.split(line.replace("TOKEN", server.user("stranger"))), "-sS"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "does not exist here" in refused.stdout


def test_the_curl_line_of_a_model_that_holds_no_conversations_works_too(
    shared_data: Path, tmp_path: Path
) -> None:
    with running_server(tmp_path, str(shared_data / "models" / "stories260K")) as serving:
        line = next(each for each in serving.said if "curl" in each).strip()
        told = subprocess.run(
            [*shlex.split(line), "-sS"], capture_output=True, text=True, check=True
        )
        assert '"object":"text_completion"' in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nothing/here.gguf.x"], 1, "no path 'nothing/here.gguf.x' here"),
        (["./nothing"], 1, "no file or folder './nothing'"),
        ([], 2, "missing argument"),
        ([STARTER, "--engine", "other"], 2, "invalid value for '--engine'"),
        ([STARTER, "--memory", "lots"], 2, "'lots' is no size"),
        ([STARTER, "--device", "gpu"], 2, "'gpu' is not auto, cpu, cuda or cuda:N"),
        ([STARTER, "--vllm-arg", "x"], 2, "--vllm-arg means nothing to --engine native"),
        ([STARTER, "--engine", "vllm", "--precision", "int8"], 2, "--precision means nothing"),
        ([STARTER, STARTER], 2, "two models are called 'model'"),
        ([STARTER, "--lora", "x"], 2, "--lora is 'x'"),
        ([STARTER, "--lora", "x=/no/such"], 2, "no adapter at '/no/such'"),
        ([STARTER, "--lora", "x=tests"], 1, "'x': adapter_config.json cannot be read"),
        ([STARTER, "--auth", "/no/such/file"], 1, "/no/such/file cannot be read"),
        ([STARTER, "--host", "0.0.0.0"], 2, "nobody was said to be let in"),
        ([STARTER, "--memory", "1K"], 1, "the budget is 1,024"),
        ([STARTER, "--context", "513"], 2, "513 tokens was asked for; the model's own is 512"),
        ([STARTER, "x=" + STARTER, "--context", "513"], 2, "the model's own is 512"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    paddock: Paddock, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, told: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("PADDOCK_SERVE_PORT", "0")
    ended, out, err = paddock("serve", *arguments)
    assert ended == code, err
    assert told in err.lower() or told in err
    assert out == ""
