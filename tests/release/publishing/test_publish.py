"""Publishing to a live hub with the stock client: whole, once, and undone when it fails."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from paddock.errors import Conflict, Forbidden, Unauthorized, UsageError
from paddock.release.errors import GateRefused, HubRefused, HubUnreachable, VersionTaken
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import load_trust
from tests.checkpoint.meta_samples import write_meta
from tests.checkpoint.samples import TINY
from tests.live import LiveServer
from tests.release.faulty_hub import FaultyHub, faulty_hub
from tests.release.tiny_model import copy_tiny_model


@pytest.fixture
def model(shared_data: Path, tmp_path: Path) -> Path:
    """A small real checkpoint in a folder that may be written to."""
    return copy_tiny_model(shared_data, tmp_path / "model")


@pytest.fixture
def around(shared_server: LiveServer, tmp_path: Path) -> Surroundings:
    token = shared_server.user("ada")
    return Surroundings(tmp_path / "home", shared_server.url, token, progress=lambda _: None)


@pytest.fixture
def api(shared_server: LiveServer, around: Surroundings) -> HfApi:
    return shared_server.api(around.token)


@pytest.fixture
def faulty(shared_server: LiveServer) -> Iterator[FaultyHub]:
    with faulty_hub(shared_server.url) as hub:
        yield hub


def publish(model: Path, repo: str, around: Surroundings) -> dict[str, Any]:
    return publish_release(Wanted(model, to=repo), around)[0]


def set_version(model: Path, version: str, more: str = "") -> None:
    (model / "release.yaml").write_text(
        "apiVersion: paddock/v1\nkind: ModelRelease\n"
        f"metadata: {{name: tiny, version: {version}}}\n"
        f"licenses: {{distribution: MIT}}\n{more}"
    )


def paths(api: HfApi, repo: str) -> set[str]:
    return set(api.list_repo_files(repo))


def test_a_published_folder_downloads_and_verifies_as_trusted(
    model: Path, around: Surroundings, api: HfApi, tmp_path: Path
) -> None:
    outcome = publish(model, "ada/first", around)
    assert outcome["changed"]
    assert outcome["created"]
    refs = api.list_repo_refs("ada/first")
    assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("1.0.0", outcome["commit"])]
    info = api.repo_info("ada/first")
    assert info.sha == outcome["commit"]
    assert info.private is False
    folder = Path(api.snapshot_download("ada/first", local_dir=tmp_path / "download"))
    trust = load_trust(None, around.config_home)
    verdict = verify_folder(folder, trust)
    assert verdict.verdict == "trusted", verdict.to_text()
    assert (model / "release.yaml").exists()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and ".cache" not in p.parts):
        before = path.read_bytes()
        path.write_bytes(bytes([before[0] ^ 1]) + before[1:])
        verdict = verify_folder(folder, trust)
        assert not verdict.is_trusted
        assert any(path.name in reason for reason in verdict.reasons), path
        path.write_bytes(before)


def test_publishing_again_changes_nothing(model: Path, around: Surroundings, api: HfApi) -> None:
    first = publish(model, "ada/again", around)
    second = publish(model, "ada/again", around)
    assert not second["changed"]
    assert second["commit"] == first["commit"]
    assert "nothing to do" in second["sentence"]
    assert len(api.list_repo_commits("ada/again")) == 2  # the repository's own, and ours


def test_a_version_never_changes_its_content(model: Path, around: Surroundings, api: HfApi) -> None:
    first = publish(model, "ada/fixed", around)
    (model / "NOTES.md").write_text("new")
    with pytest.raises(VersionTaken) as caught:
        publish(model, "ada/fixed", around)
    assert "metadata.version" in (caught.value.hint or "")
    assert api.repo_info("ada/fixed").sha == first["commit"]


def test_a_new_version_removes_what_is_no_longer_there(
    model: Path, around: Surroundings, api: HfApi
) -> None:
    (model / "NOTES.md").write_text("old")
    publish(model, "ada/versions", around)
    (model / "NOTES.md").unlink()
    set_version(model, "1.1.0")
    outcome = publish(model, "ada/versions", around)
    assert outcome["deleted"] == ["NOTES.md"]
    assert "NOTES.md" not in paths(api, "ada/versions")
    assert len(api.list_repo_commits("ada/versions")) == 3
    assert {tag.name for tag in api.list_repo_refs("ada/versions").tags} == {"1.0.0", "1.1.0"}


def test_files_that_no_release_put_there_are_not_deleted(
    model: Path, around: Surroundings, api: HfApi
) -> None:
    api.create_repo("ada/lived-in")
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="thesis.txt", repo_id="ada/lived-in")
    with pytest.raises(Conflict, match=r"thesis\.txt"):
        publish(model, "ada/lived-in", around)
    assert "thesis.txt" in paths(api, "ada/lived-in")


def test_an_existing_empty_repository_is_filled_and_keeps_its_visibility(
    model: Path, around: Surroundings, api: HfApi
) -> None:
    api.create_repo("ada/mine", private=True)
    publish(model, "ada/mine", around)
    assert api.repo_info("ada/mine").private is True
    set_version(model, "2.0.0", "access: {mechanism: none}\n")
    publish(model, "ada/mine", around)
    assert api.repo_info("ada/mine").private is False


def test_a_gated_release_is_never_open(
    model: Path, around: Surroundings, api: HfApi, shared_server: LiveServer, tmp_path: Path
) -> None:
    set_version(
        model, "1.0.0", "access: {mechanism: manual, extra_gated_prompt: Say who you are}\n"
    )
    publish(model, "ada/gated", around)
    info = api.repo_info("ada/gated")
    assert info.gated == "manual"
    assert info.private is False
    stranger = shared_server.api(shared_server.user("eve"))
    with pytest.raises(GatedRepoError):
        stranger.hf_hub_download("ada/gated", "model.safetensors", local_dir=tmp_path / "eve")


def test_an_internal_release_stays_private(
    model: Path, around: Surroundings, shared_server: LiveServer
) -> None:
    set_version(model, "1.0.0, stage: internal")
    publish(model, "ada/internal", around)
    with pytest.raises(RepositoryNotFoundError):
        shared_server.api(shared_server.user("eve")).repo_info("ada/internal")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", r"/commit/main"),
        ("POST", r"/preupload/"),
        ("GET", r"xet-write-token"),
        ("PUT", r"/settings$"),
    ],
)
def test_a_failed_first_publication_leaves_no_repository(
    model: Path, around: Surroundings, api: HfApi, faulty: FaultyHub, method: str, path: str
) -> None:
    set_version(model, "1.0.0", "access: {mechanism: clickthrough}\n")
    faulty.refuse(method, path, 403)
    with pytest.raises((HubRefused, Forbidden, HubUnreachable)):
        publish(model, "ada/failed", replace(around, hub_url=faulty.url))
    with pytest.raises(RepositoryNotFoundError):
        api.repo_info("ada/failed")
    faulty.refusals.clear()
    assert publish(model, "ada/failed", replace(around, hub_url=faulty.url))["created"]
    api.delete_repo("ada/failed")


@pytest.mark.parametrize("path", [r"/commit/main", r"/settings"])
def test_a_repository_that_could_not_be_deleted_again_is_opened_by_the_next_run(
    path: str, model: Path, around: Surroundings, api: HfApi, faulty: FaultyHub
) -> None:
    there = replace(around, hub_url=faulty.url)
    for method, where in (("POST", path), ("PUT", path), ("DELETE", r"/api/repos/delete")):
        faulty.refuse(method, where, 403)
    with pytest.raises((HubRefused, Forbidden)):
        publish(model, "ada/left", there)
    assert api.repo_info("ada/left").private is True
    faulty.refusals.clear()
    publish(model, "ada/left", there)
    assert api.repo_info("ada/left").private is False
    api.update_repo_settings("ada/left", private=True)  # and from then on it is nobody's but hers
    publish(model, "ada/left", there)
    assert api.repo_info("ada/left").private is True
    api.delete_repo("ada/left")


def test_a_failed_new_version_leaves_the_repository_as_it_was(
    model: Path, around: Surroundings, api: HfApi, faulty: FaultyHub
) -> None:
    before = publish(model, "ada/halfway", around)
    set_version(model, "2.0.0", "access: {mechanism: manual}\n")
    faulty.refuse("POST", r"/commit/main", 403)
    with pytest.raises((HubRefused, Forbidden)):
        publish(model, "ada/halfway", replace(around, hub_url=faulty.url))
    info = api.repo_info("ada/halfway")
    assert info.sha == before["commit"]
    assert not info.gated
    assert [tag.name for tag in api.list_repo_refs("ada/halfway").tags] == ["1.0.0"]


def test_a_tag_that_fails_is_said_plainly_and_made_by_the_next_run(
    model: Path, around: Surroundings, api: HfApi, faulty: FaultyHub
) -> None:
    faulty.refuse("POST", r"/tag/", 403)
    with pytest.raises(HubRefused, match=r"without the tag 1\.0\.0") as caught:
        publish(model, "ada/untagged", replace(around, hub_url=faulty.url))
    commit = api.repo_info("ada/untagged").sha
    assert commit is not None
    assert commit in caught.value.message
    publish(model, "ada/untagged", around)
    tags = api.list_repo_refs("ada/untagged").tags
    assert [(tag.name, tag.target_commit) for tag in tags] == [("1.0.0", commit)]


def test_a_tag_that_fails_once_is_tried_again(
    model: Path, around: Surroundings, api: HfApi, faulty: FaultyHub
) -> None:
    faulty.refuse("POST", r"/tag/", 403, times=1)
    publish(model, "ada/retried", replace(around, hub_url=faulty.url))
    assert [tag.name for tag in api.list_repo_refs("ada/retried").tags] == ["1.0.0"]


def test_a_hub_that_alters_files_is_noticed(model: Path, around: Surroundings, api: HfApi) -> None:
    """A commit that somebody adds on top is not ours; the tag is what verifies."""
    publish(model, "ada/altered", around)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="late.txt", repo_id="ada/altered")
    outcome = publish(model, "ada/altered", around)
    assert not outcome["changed"]


def test_a_refused_release_sends_nothing(model: Path, around: Surroundings, api: HfApi) -> None:
    (model / "optimizer.pt").write_bytes(b"\x80\x04N.")
    with pytest.raises(GateRefused, match=r"optimizer\.pt is a pickle"):
        publish(model, "ada/refused", around)
    with pytest.raises(RepositoryNotFoundError):
        api.repo_info("ada/refused")
    assert not (model / "release.yaml").exists()


def test_signing_in_fails_with_one_sentence(model: Path, around: Surroundings) -> None:
    with pytest.raises(Unauthorized, match="no token"):
        publish(model, "ada/x", replace(around, token=None))
    with pytest.raises(Unauthorized, match="refused signing in"):
        publish(model, "ada/x", replace(around, token="hf_wrong"))
    with pytest.raises(Forbidden):
        publish(model, "boss/x", around)
    with pytest.raises(HubUnreachable, match="did not answer"):
        publish(model, "ada/x", replace(around, hub_url="http://127.0.0.1:9"))


@pytest.mark.parametrize("body", [b"<html>Welcome", b"{}"])
def test_what_is_no_hub_is_told_plainly(model: Path, around: Surroundings, body: bytes) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(HubRefused, match="does not speak the protocol of a hub"):
            publish(
                model, "ada/x", replace(around, hub_url=f"http://127.0.0.1:{server.server_port}")
            )
        server.shutdown()


def test_a_token_never_goes_to_a_hub_that_only_the_file_names(
    model: Path, around: Surroundings, faulty: FaultyHub
) -> None:
    set_version(model, "1.0.0", f"publish: {{to: hub, repo: ada/x, url: '{faulty.url}'}}\n")
    with pytest.raises(UsageError, match="your settings name"):
        publish_release(Wanted(model), around)
    assert faulty.seen == []
    assert publish_release(Wanted(model), replace(around, hub_url=faulty.url))[0]["changed"]


def test_a_folder_is_a_destination_too(model: Path, around: Surroundings) -> None:
    set_version(model, "1.0.0", "publish: {to: folder, path: ../out}\n".replace("../out", "out"))
    outcome = publish_release(Wanted(model), around)[0]
    verdict = verify_folder(model / "out", load_trust(None, around.config_home))
    assert verdict.verdict == "trusted"
    assert outcome["changed"]
    shutil.rmtree(model / "out")


@pytest.mark.slow
def test_stories_published_pulled_and_run_by_the_stock_libraries_tell_the_published_story(
    shared_data: Path,
    around: Surroundings,
    api: HfApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    monkeypatch.chdir(tmp_path)
    stories = shared_data / "models" / "stories260K"
    publish(stories, "ada/stories260K", around)
    folder = api.snapshot_download("ada/stories260K", local_dir=tmp_path / "download")
    verdict = verify_folder(Path(folder), load_trust(None, around.config_home))
    assert verdict.verdict == "trusted", verdict.to_text()
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    start = tokenizer("", return_tensors="pt").input_ids.long()
    output = model.generate(start, max_new_tokens=200, do_sample=False)
    text = tokenizer.decode(output[0], skip_special_tokens=True)
    published = (stories / "expected_greedy_200.txt").read_text()
    assert text.strip() == published.strip()


def test_metas_layout_is_published_as_a_model_that_the_stock_library_loads(
    shared_data: Path, around: Surroundings, api: HfApi, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = tmp_path / "meta"
    tensors = write_meta(source, replace(TINY, vocab_size=32000), ranks=2)
    tokenizer = shared_data / "tokenizers" / "llama2" / "tokenizer.model"
    shutil.copyfile(tokenizer, source / "tokenizer.model")
    publish(source, "ada/from-meta", around)
    folder = Path(api.snapshot_download("ada/from-meta", local_dir=tmp_path / "download"))
    assert not list(folder.rglob("*.pth"))
    assert verify_folder(folder, load_trust(None, around.config_home)).verdict == "trusted"
    loaded = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    for name, content in tensors.items():
        assert loaded[name].numpy().tobytes() == content, name
    ids = AutoTokenizer.from_pretrained(folder)("Hello world").input_ids
    assert ids == [1, 15043, 3186]
