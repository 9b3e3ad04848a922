"""``paddock generate``: exact text on stdout, one object with --json, errors that help."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddock.cli import main
from paddock.kernels.step_library import step_library
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.starter import starter_folder
from tests.live import LiveServer

STARTER = str(starter_folder())


@pytest.fixture(autouse=True)
def _home_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    for name in ("HF_TOKEN", "HF_ENDPOINT", "PADDOCK_HUB_URL", "PADDOCK_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def paddock(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command in this process; gives exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["generate", *arguments])
        told = capsys.readouterr()
        return int(end.value.code or 0), told.out, told.err

    return run


def test_the_published_text_comes_out_of_a_pipe_to_the_letter(shared_data: Path) -> None:
    stories = shared_data / "models" / "stories260K"
    command = [sys.executable, "-m", "paddock", "generate", str(stories), "-p", ""]
    done = subprocess.run([*command, "-n", "200", "--temperature", "0"], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (stories / "expected_greedy_200.txt").read_bytes()
    assert done.stderr == b""


def test_a_converted_folder_gives_the_same_text(
    shared_data: Path, tmp_path: Path, paddock: Any
) -> None:
    stories = shared_data / "models" / "stories260K"
    with pytest.raises(SystemExit):
        main(["convert", str(stories), str(tmp_path / "hf"), "--to", "safetensors"])
    code, out, _ = paddock(str(tmp_path / "hf"), "-p", "", "-n", "200", "--temperature", "0")
    assert code == 0
    assert out.endswith((stories / "expected_greedy_200.txt").read_text())


def test_the_text_begins_with_the_prompt(shared_data: Path, paddock: Any) -> None:
    stories = shared_data / "models" / "stories260K"
    code, out, _ = paddock(str(stories), "-p", "Once upon a time", "-n", "196")
    assert code == 0
    assert out == (stories / "expected_greedy_200.txt").read_text()


def test_json_is_one_object_with_everything(paddock: Any) -> None:
    code, out, err = paddock(STARTER, "-p", "The teapot", "-n", "7", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["model"] == STARTER
    assert told["text"] == "The teapot" + told["continuation"]
    assert told["tokens"] == len(told["token_ids"]) == 7
    assert told["finish_reason"] == "length"
    assert told["prompt_tokens"] > 1
    assert told["seconds"] >= 0


def test_a_seed_repeats_a_draw(paddock: Any) -> None:
    def drawn(seed: str) -> str:
        choice = ("-n", "20", "--temperature", "1.5", "--seed", seed)
        _, out, _ = paddock(STARTER, "-p", "On a", *choice)
        return str(out)

    assert drawn("3") == drawn("3") != drawn("4")


def test_an_empty_prompt_begins_a_text(paddock: Any) -> None:
    code, out, _ = paddock(STARTER, "-p", "", "-n", "5")
    assert code == 0
    assert out


@pytest.mark.parametrize(
    "wrong",
    [
        [STARTER],
        [STARTER, "-p", "x", "-n", "0"],
        [STARTER, "-p", "x", "-n", "many"],
        [STARTER, "-p", "x", "--temperature", "-1"],
        [STARTER, "-p", "x", "--temperature", "nan"],
        [STARTER, "-p", "x", "--temperature", "inf"],
        [STARTER, "-p", "x", "--top-p", "0"],
        [STARTER, "-p", "x", "--seed", "-1"],
        [STARTER, "-p", "x", "--precision", "fp4"],
    ],
)
def test_wrong_usage_exits_with_two(wrong: list[str], paddock: Any) -> None:
    code, out, err = paddock(*wrong)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "hint: usage: paddock generate [OPTIONS] MODEL" in err


def test_more_than_the_context_holds_says_what_would_fit(paddock: Any) -> None:
    code, out, err = paddock(STARTER, "-p", "Hello", "-n", "600")
    assert (code, out) == (1, "")
    assert "exceed the model's context of 512" in err
    assert "hint: ask for at most 510 new tokens" in err


@pytest.mark.parametrize("command", ["generate", "chat"])
def test_a_longer_context_than_the_models_own_is_refused(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    end = ["-p", "x"] if command == "generate" else []
    for context, code in (("513", 2), ("512", 0), ("16", 0)):
        with pytest.raises(SystemExit) as ended:
            main([command, STARTER, "--context", context, *end])
        assert ended.value.code == code
        is_said = "513 tokens was asked for; the model's own is 512" in capsys.readouterr().err
        assert is_said == (code == 2)


@pytest.mark.parametrize("missing", ["nothing", "./no/such/folder", "a/b/c", "../x", "a" * 5000])
def test_a_path_that_does_not_exist_is_named(missing: str, paddock: Any) -> None:
    code, out, err = paddock(missing, "-p", "x")
    assert (code, out) == (1, "")
    assert f"there is no file or folder {missing!r}" in err


def test_a_folder_without_a_model_is_refused(tmp_path: Path, paddock: Any) -> None:
    code, _, err = paddock(str(tmp_path), "-p", "x")
    assert code == 1
    assert "holds no checkpoint" in err


def test_without_the_packages_for_models_the_hint_says_how_to_install_them(
    paddock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = paddock(STARTER, "-p", "x")
    assert code == 1
    assert "hint: install paddock with its serve extra: pip install 'paddock[serve]'" in err


@pytest.mark.skipif(step_library() is None, reason="the step is not compiled")
def test_the_compiled_step_needs_no_torch() -> None:
    program = (
        "import sys; sys.modules['torch'] = None\nfrom paddock.cli import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", program, "generate", STARTER, "-p", "The teapot", "-n", "9"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The teapot is made of")


def test_a_hub_that_does_not_answer_is_named(paddock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_HUB_URL", "http://127.0.0.1:9")
    code, _, err = paddock("nora/starter", "-p", "x")
    assert code == 1
    assert "there is no path 'nora/starter' here, and the hub at http://127.0.0.1:9 did not" in err


@pytest.fixture
def hub(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    """A hub that holds the starter model as nora/starter, with a tag."""
    monkeypatch.setenv("PADDOCK_HUB_URL", server.url)
    api = server.api(server.user("nora"))
    api.create_repo("nora/starter", private=True)
    api.upload_folder(repo_id="nora/starter", folder_path=STARTER)
    api.create_tag("nora/starter", tag="v1")
    monkeypatch.setenv("HF_TOKEN", server.user("nora", role="read"))
    return server


@pytest.mark.parametrize("command", ["generate", "chat", "serve"])
def test_a_pulled_release_is_verified_before_it_is_loaded(
    hub: LiveServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    home = tmp_path / "publisher"
    around = Surroundings(home, hub.url, hub.admin_token, lambda sentence: None)
    publish_release(Wanted(starter_folder().parent / "release.yaml", to="boss/signed"), around)
    monkeypatch.setenv("HF_TOKEN", hub.admin_token)
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "stranger"))
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    end = {"generate": ["-p", "x", "-n", "1"], "chat": [], "serve": ["--port", "0"]}[command]

    def told() -> str:
        with pytest.raises(SystemExit) as ended:
            main([command, "boss/signed@main", *end])
        return f"{ended.value.code} {capsys.readouterr().err}"

    assert "is untrusted" in told()
    if command == "serve":
        return  # with the key it would serve, and not end
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(home))
    assert told().startswith("0 ")
    weights = next((tmp_path / "cache").rglob("model.safetensors")).resolve()
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert "is tampered" in told()


@pytest.mark.parametrize("model", ["nora/starter", "nora/starter@v1"])
def test_a_model_is_pulled_from_the_hub(hub: LiveServer, model: str, paddock: Any) -> None:
    code, out, err = paddock(model, "-p", "The teapot", "-n", "9")
    assert code == 0, err
    assert out == paddock(STARTER, "-p", "The teapot", "-n", "9")[1]


def test_what_the_hub_does_not_have_is_named(
    hub: LiveServer, paddock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = paddock("nora/starter@v2", "-p", "x")
    assert code == 1
    assert "Invalid rev id: v2\nhint: name a branch, a tag or a commit" in err
    code, _, err = paddock("nora/nothing", "-p", "x")
    assert code == 1
    assert "there is no path 'nora/nothing' here, and the hub at" in err
    monkeypatch.delenv("HF_TOKEN")
    code, _, err = paddock("nora/starter", "-p", "x")  # private, and no token now
    assert code == 1
    assert "HF_TOKEN" in err


def test_a_wrong_token_is_an_error_though_a_copy_is_there(
    hub: LiveServer, paddock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paddock("nora/starter", "-p", "x", "-n", "1")[0] == 0
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    code, out, err = paddock("nora/starter", "-p", "x", "-n", "1")
    assert (code, out) == (1, "")
    assert "Invalid credentials" in err
    assert "hint: set HF_TOKEN to a token of that hub" in err


def test_without_the_hub_the_copy_is_used_and_said_so(
    hub: LiveServer, paddock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text, err = paddock("nora/starter", "-p", "The teapot", "-n", "3")
    assert err == ""  # no bars in a pipe
    monkeypatch.setenv("PADDOCK_HUB_URL", "http://127.0.0.1:9")
    code, again, err = paddock("nora/starter", "-p", "The teapot", "-n", "3")
    assert (code, again) == (0, text)
    assert "using the copy that was pulled before" in err


def test_a_path_that_exists_wins_over_a_repository(
    hub: LiveServer, tmp_path: Path, paddock: Any
) -> None:
    (tmp_path / "nora" / "starter").mkdir(parents=True)
    code, _, err = paddock("nora/starter", "-p", "x")
    assert code == 1
    assert "holds no checkpoint" in err


def test_a_use_policy_holds_here_too_and_tokens_tell_nothing_of_what_it_refused(
    tmp_path: Path, paddock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy.yaml").write_text(
        "apiVersion: paddock/v1\nkind: Policy\nrefusal: Not here.\n"
        "rules:\n  - {id: a, category: S1, phrases: [four cups], stages: [after]}\n"
        "  - {id: b, category: S1, phrases: [red kettle]}\n"
    )
    monkeypatch.setenv("PADDOCK_SERVE_POLICY", str(tmp_path / "policy.yaml"))
    asked = ("-p", "The teapot is made of", "-n", "16", "--temperature", "0")
    code, out, _ = paddock(STARTER, *asked, "--json")
    told = json.loads(out)
    assert (code, told["finish_reason"], told["token_ids"]) == (0, "content_filter", None)
    assert told["continuation"].endswith("Not here.") and "cups" not in out
    assert told["tokens"] > 4
    code, out, _ = paddock(STARTER, *asked)
    assert out.endswith("Not here.") and "four" not in out
    assert paddock(STARTER, "-p", "A red kettle")[1] == "A red kettleNot here."
    told = json.loads(paddock(STARTER, "-p", "The teapot", "-n", "3", "--json")[1])
    assert len(told["token_ids"]) == told["tokens"] == 3
