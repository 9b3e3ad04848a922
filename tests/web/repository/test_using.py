"""The commands and programs of "Use this model": taken from the page, and run as they stand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

import httpx
import pytest

from paddock.hub.types import Kind, Repository
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.starter import starter_folder
from paddock.web.repository.using import Used, quick, snippets
from tests.live import LiveServer

Run = Callable[[str], str]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def page(shared_server: LiveServer, home: Path) -> dict[str, str]:
    """The snippets of the released starter's page, by tool."""
    around = Surroundings(home / "config", shared_server.url, shared_server.user("ada"), print)
    publish_release(Wanted(starter_folder().parent / "release.yaml", to="ada/starter"), around)
    return _snippets(shared_server, "/ada/starter", None)


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """A shell in an empty folder, with the tools of this environment and no settings of a hub."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "PADDOCK_"))}
    environment = {
        **kept,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HF_HOME": str(tmp_path / "cache"),
        "PADDOCK_CONFIG_HOME": str(home / "config"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }

    def shell(text: str) -> str:
        done = subprocess.run(
            ["bash", "-e"], input=text, cwd=tmp_path, env=environment, text=True,
            capture_output=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return shell


def _snippets(server: LiveServer, path: str, token: str | None) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = httpx.get(server.url + path, headers=headers).text
    found = {}
    for part in text.split('<details name="tool"')[1:]:
        tool = part.split("<summary>")[1].split("</summary>")[0]
        found[tool] = unescape(part.split("<code>")[1].split("</code>")[0])
    return found


def _python(text: str) -> str:
    return f"python - <<'END'\n{text}\nEND\n"


def test_every_tool_has_its_snippet_with_this_hub_and_the_commit(
    page: dict[str, str], shared_server: LiveServer
) -> None:
    tools = ["transformers", "vllm", "llama.cpp", "paddock", "hf", "Python", "git", "curl"]
    assert list(page) == tools
    commit = shared_server.api().model_info("ada/starter").sha
    assert commit is not None
    for tool, text in page.items():
        assert commit in text, tool
        assert shared_server.url in text, tool
        assert "HF_TOKEN" not in text, tool


def test_hf_and_the_python_client_download_the_commit(page: dict[str, str], run: Run) -> None:
    folder = Path(run(page["hf"]).split()[-1])
    assert (folder / "model.safetensors").stat().st_size > 4_000_000
    assert Path(run(_python(page["Python"])).strip().splitlines()[-1]) == folder


def test_curl_and_git_get_the_files(page: dict[str, str], run: Run, tmp_path: Path) -> None:
    run(page["curl"])
    assert b"llama" in (tmp_path / "config.json").read_bytes()
    run(page["git"])
    assert (tmp_path / "starter" / "release.json").exists()


def test_paddock_verifies_what_the_snippet_names(page: dict[str, str], run: Run) -> None:
    lines = page["paddock"].splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["verify", "chat", "serve"]
    assert "trusted" in run("\n".join(lines[:2]))
    said = run("\n".join([lines[0], f"echo Hello | {lines[2]} -n 4 --temperature 0"]))
    assert said.strip()


def test_transformers_runs_the_model(page: dict[str, str], run: Run) -> None:
    assert "Hello!" in run(_python(page["transformers"]))


def test_llama_cpp_opens_the_file_that_its_snippet_gets(
    page: dict[str, str], run: Run, tmp_path: Path
) -> None:
    get, serve = page["llama.cpp"].splitlines()
    run(get)
    name = serve.split()[-1]
    opened = (
        "import xllamacpp\n"
        "p = xllamacpp.CommonParams()\n"
        f"p.model.path = {str(tmp_path / name)!r}\n"
        "p.n_ctx = 64\np.warmup = False\n"
        "server = xllamacpp.Server(p)\n"
        'print(server.handle_completions({"prompt": "tea", "n_predict": 2}) is not None)'
    )
    pytest.importorskip("xllamacpp")
    assert "True" in run(_python(opened))


def test_a_private_repository_s_snippets_work_with_a_token(
    shared_server: LiveServer, run: Run, tmp_path: Path
) -> None:
    token = shared_server.user("ada")
    api = shared_server.api(token)
    api.create_repo("ada/secret", private=True)
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="ada/secret")
    found = _snippets(shared_server, "/ada/secret", token)
    for tool in ("curl", "git", "hf"):
        assert "export HF_TOKEN=hf_…" in found[tool]
        run(found[tool].replace("hf_…", token))
    assert (tmp_path / "config.json").read_bytes() == b"{}"
    assert (tmp_path / "secret" / "config.json").exists()


def _repository(kind: Kind, **facts: object) -> Repository:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    return Repository(1, "x", kind, 1, "a/b", False, None, None, now, now, 0, 0, None, None, facts)


def test_data_sets_come_with_datasets_and_pandas(
    shared_server: LiveServer, run: Run, tmp_path: Path
) -> None:
    api = shared_server.api(shared_server.user("ada"))
    api.create_repo("ada/rows", repo_type="dataset")
    api.upload_file(
        path_or_fileobj=b"a,b\n1,2\n3,4\n", path_in_repo="data/train.csv", repo_id="ada/rows",
        repo_type="dataset",
    )  # fmt: skip
    found = _snippets(shared_server, "/datasets/ada/rows", None)
    assert {"datasets", "pandas", "hf", "git"} <= found.keys()
    assert "num_rows: 2" in run(_python(found["datasets"]))
    if shutil.which("python") and _has("pandas"):
        assert "3  4" in run(_python(found["pandas"]))
    assert "--repo-type dataset" in found["hf"]


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def test_names_of_files_cannot_break_out_of_a_command() -> None:
    bad = "$(touch x); 'y'\n.gguf"
    used = Used(_repository(Kind.MODEL), "c" * 40, "http://hub", [bad, "config.json"])
    told = {one.tool: one.text for one in snippets(used)}
    assert "transformers" not in told  # no weights that it could load
    shown = "{ printf '<%s>' \"$@\"; }"
    script = f"curl() {shown}; llama-server() {shown}\n{told['llama.cpp']}"
    words = subprocess.run(
        ["bash"], input=script, text=True, capture_output=True, check=True
    ).stdout
    assert f"<{bad}>" in words
    assert "hf download a/b" in quick(used)


def test_without_a_gguf_file_paddock_makes_one() -> None:
    used = Used(_repository(Kind.MODEL), "c" * 40, "http://hub", ["config.json", "a.safetensors"])
    told = {one.tool: one.text for one in snippets(used)}
    assert "paddock convert b b-gguf --to gguf" in told["llama.cpp"]
    task = Used(_repository(Kind.MODEL, pipeline_tag="fill-mask"), "c" * 40, "http://hub",
                ["config.json", "a.safetensors"])  # fmt: skip
    assert 'pipeline("fill-mask", "a/b"' in {s.tool: s.text for s in snippets(task)}["transformers"]
