"""What a release published before still holds, and what it said: hubs and registries are asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paddock.release.building import earlier
from paddock.release.building.earlier import batches, unseen, within
from paddock.release.building.published import PublishedFile, Revision, Revisions
from paddock.release.building.steps import Made, Steps, step_key
from paddock.release.errors import HubUnreachable
from paddock.release.leaks.report import LeakReport
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, publish_release
from paddock.release.spec.publish import Destination, HubDestination
from paddock.signing.keys import create_key
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.live import LiveServer
from tests.release.building.small import HEAD
from tests.release.publishing.oci.registries import running_registry

HUB = "publish: [{to: hub, repo: ada/shop}]\n"
WITHHOLD = """components:
  - {name: Model parameters (Final), access: open,
     withhold: [{match: "*.layers.1.self_attn.q_proj.weight", reason: safety, replace: zero}]}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def surroundings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(home))
    monkeypatch.setenv("DOCKER_CONFIG", str(home / "docker"))
    for name in ("HF_TOKEN", "PADDOCK_TOKEN", "PADDOCK_HUB_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def published(shared_server: LiveServer, home: Path) -> LiveServer:
    """A hub that has Shop 1.0.0 of these keys."""
    around = Surroundings(home, shared_server.url, shared_server.user("ada"), lambda _: None)
    publish_release(Wanted(release(home / "first", "1.0.0", HUB)), around)
    return shared_server


@pytest.fixture
def hub(published: LiveServer, monkeypatch: pytest.MonkeyPatch) -> LiveServer:
    monkeypatch.setenv("HF_ENDPOINT", published.url)
    monkeypatch.setenv("HF_TOKEN", published.user("ada"))
    return published


def release(folder: Path, version: str, sections: str = "", **metadata: str) -> Path:
    """A tiny model of random numbers with a release file beside it."""
    (folder / "model").mkdir(parents=True, exist_ok=True)
    for name, content in model_files().items():
        (folder / "model" / name).write_bytes(content)
    said = json.dumps({"name": "Shop", "version": version, **metadata})
    path = folder / "release.yaml"
    path.write_text(f"{HEAD}metadata: {said}\nartifacts: {{source: {{path: model}}}}\n{sections}")
    return path


def changes(folder: Path) -> str:
    return (folder / "documents" / "CHANGELOG.md").read_text().replace("\\", "")


def test_the_release_before_is_fetched_from_the_hub_that_it_was_published_to(
    hub: LiveServer, tmp_path: Path, paddock: Paddock
) -> None:
    second = release(tmp_path / "b", "1.1.0", HUB, supersedes="1.0.0", description="Newer.")
    code, _, said = paddock("release", "build", second, "-o", tmp_path / "one")
    assert code == 0, said
    assert "Compared with 1.0.0, as its signed manifest tells it." in changes(tmp_path / "one")
    pin = said.partition("previous: ")[2][:64]
    pinned = f"{HUB}lifecycle: {{previous: {pin}}}\n"
    # Elsewhere, without a network, a copy of the manifest does; the bytes are the same.
    third = release(tmp_path / "c", "1.1.0", pinned, supersedes="1.0.0", description="Newer.")
    hub.api(hub.user("ada")).snapshot_download(
        "ada/shop", revision="1.0.0", local_dir=tmp_path / "c" / "Shop-1.0.0",
        allow_patterns=["release*.json"],
    )  # fmt: skip
    offline = ("--hub", "http://127.0.0.1:9")
    code, _, said = paddock("release", "build", third, "-o", tmp_path / "two", *offline)
    assert code == 0, said
    one, two = ((tmp_path / name / "release.json").read_bytes() for name in ("one", "two"))
    assert one == two


def test_without_the_place_the_build_says_what_it_needs(tmp_path: Path, paddock: Paddock) -> None:
    path = release(tmp_path / "a", "1.1.0", HUB, supersedes="1.0.0")
    code, _, error = paddock(
        "release", "build", path, "-o", tmp_path / "out", "--hub", "http://127.0.0.1:9"
    )
    assert code == 5
    assert "Shop 1.0.0 could not be looked for" in error
    assert "Shop-1.0.0 beside the release file" in error


def test_another_manifest_than_the_pinned_one_stops_the_build(
    hub: LiveServer, tmp_path: Path, paddock: Paddock
) -> None:
    pinned = f"{HUB}lifecycle: {{previous: {'0' * 64}}}\n"
    path = release(tmp_path / "b", "1.1.0", pinned, supersedes="1.0.0")
    code, _, error = paddock("release", "build", path, "-o", tmp_path / "out")
    assert code == 5
    assert f"lifecycle.previous is {'0' * 64}" in error
    path = release(tmp_path / "c", "1.1.0", f"lifecycle: {{previous: {'0' * 64}}}\n")
    code, _, error = paddock("release", "plan", path)
    assert code == 1
    assert "names no version" in error


def test_a_stranger_at_the_same_place_is_not_compared_with(
    hub: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "another-home"))
    path = release(tmp_path / "b", "1.1.0", HUB, supersedes="1.0.0")
    code, _, error = paddock("release", "build", path, "-o", tmp_path / "out")
    assert code == 0, error
    assert "nothing is compared with it" in changes(tmp_path / "out")


def test_a_hybrid_release_is_published_twice_and_nothing_is_found(
    hub: LiveServer, tmp_path: Path, paddock: Paddock
) -> None:
    path = release(tmp_path / "a", "1.0.0", HUB.replace("shop", "hybrid") + WITHHOLD)
    code, out, error = paddock("release", "publish", path, "--json")
    assert code == 0, error
    first = json.loads(out)
    code, out, error = paddock("release", "publish", path, "--json")
    assert code == 0, error
    again = json.loads(out)
    assert (again["changed"], again["root"]) == (False, first["root"])
    assert "earlier revisions" in error
    assert not list(tmp_path.rglob("earlier-*"))


@pytest.mark.parametrize("token", [True, False])
def test_a_hub_that_nobody_could_ask_is_undecided(
    token: bool, hub: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = release(tmp_path / "a", "1.0.0", HUB.replace("shop", "new") + WITHHOLD)
    if token:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        why = "did not answer"
    else:
        monkeypatch.delenv("HF_TOKEN")
        why = "may be there and not be seen"
    code, _, error = paddock("release", "build", path, "-o", tmp_path / "out")
    assert code == 5
    assert "not looked through for what is withheld" in error
    assert why in error


def test_a_registry_is_looked_through_and_asked_for_the_release_before(
    tmp_path: Path, paddock: Paddock
) -> None:
    with running_registry(tmp_path / "registry") as host:
        oci = f"publish: [{{to: oci, ref: '{host}/ada/shop', plain_http: true}}]\n"
        assert paddock("release", "publish", release(tmp_path / "a", "1.0.0", oci))[0] == 0
        second = release(tmp_path / "b", "1.1.0", oci, supersedes="1.0.0")
        code, _, error = paddock("release", "build", second, "-o", tmp_path / "out")
        assert code == 0, error
        assert "Compared with 1.0.0" in changes(tmp_path / "out")
        third = release(tmp_path / "c", "1.2.0", oci + WITHHOLD)
        code, _, error = paddock("release", "build", third, "-o", tmp_path / "open")
        assert code == 5
        assert "in what was published before" in error


def test_files_are_brought_once_in_batches_that_fit_and_the_rest_is_named() -> None:
    old, new = (
        Revision(name, tuple(PublishedFile(path, size, id_) for path, size, id_ in files))
        for name, files in (
            ("old", [("a", 3, "blob:1"), ("b", 9, "sha256:2"), ("c", 50, "sha256:3")]),
            ("new", [("a", 3, "blob:1"), ("d", 4, "sha256:4"), ("e", 5, "sha256:5")]),
        )
    )
    wanted = unseen([new, old], {"sha256:4"})
    assert [(each.revision, each.file.path) for each in wanted] == [
        ("new", "a"), ("new", "e"), ("old", "b"), ("old", "c"),
    ]  # fmt: skip
    fitting, left = within(wanted, room_bytes=10, all_bytes=100)
    assert [each.file.path for each in left] == ["c"]
    assert [[each.file.path for each in batch] for batch in batches(fitting, 10)] == [
        ["a", "e"], ["b"],
    ]  # fmt: skip
    assert [each.file.path for each in within(wanted, 100, 10)[1]] == ["b", "c"]


def test_the_key_that_signs_this_release_may_have_signed_the_one_before(
    tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    create_key(tmp_path / "a" / "release.pem", "p256", None)
    signed = "sign: {oms: {key: release.pem}}\n"
    first = release(tmp_path / "a", "1.0.0", signed)
    assert paddock("release", "build", first, "-o", tmp_path / "a" / "Shop-1.0.0")[0] == 0
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "trusts-nobody"))
    second = release(tmp_path / "a", "1.1.0", signed, supersedes="1.0.0")
    code, _, error = paddock("release", "build", second, "-o", tmp_path / "out")
    assert code == 0, error
    assert "Compared with 1.0.0" in changes(tmp_path / "out")


def test_what_is_withheld_now_and_was_published_once_stops_the_release(
    hub: LiveServer, tmp_path: Path, paddock: Paddock
) -> None:
    path = release(tmp_path / "b", "1.1.0", HUB + WITHHOLD)
    code, _, error = paddock("release", "build", path, "-o", tmp_path / "out")
    assert code == 5
    assert "in what was published before" in error
    assert "model.layers.1.self_attn.q_proj.weight is in" in error
    # Also when the newest revision no longer has it, and no tag names the old one.
    api = hub.api(hub.user("ada"))
    api.delete_tag("ada/shop", tag="1.0.0")
    api.delete_file("model.safetensors", "ada/shop")
    shutil.rmtree(tmp_path / "b" / ".Shop-1.1.0.work", ignore_errors=True)
    code, _, error = paddock("release", "build", path, "-o", tmp_path / "out")
    assert code == 5
    assert "in what was published before" in error


class Flaky:
    """A place whose second file does not come the first time."""

    def __init__(self) -> None:
        self.brought: list[str] = []

    def revision(self, there: Destination, version: str) -> Revision | None:
        return None

    def revisions(self, there: Destination) -> Revisions:
        files = tuple(PublishedFile(path, 8, f"sha256:{path}") for path in ("a", "b"))
        return Revisions((Revision("c" * 40, files),), ("3 of 4 commits",))

    def bring(
        self, there: Destination, revision: str, files: Sequence[PublishedFile], folder: Path
    ) -> None:
        self.brought += [file.path for file in files]
        if self.brought == ["a", "b"]:
            raise HubUnreachable("the hub hung up")
        folder.mkdir(parents=True, exist_ok=True)


def test_what_was_looked_through_is_not_brought_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "BATCH_BYTES", 10)
    (tmp_path / "candidate").mkdir()
    spec = SimpleNamespace(publish=[HubDestination(repo="ada/shop")])
    place, steps = Flaky(), Steps(tmp_path / "steps")
    inputs: Any = SimpleNamespace(
        plan=SimpleNamespace(spec=spec), published=place, progress=lambda _: None
    )
    content: Any = SimpleNamespace(
        candidate=SimpleNamespace(folder=tmp_path / "candidate", digests={})
    )

    def look(name: str, bring: Callable[[], Path], state: Mapping[str, Any]) -> LeakReport:
        def make(_: Path) -> Made:
            bring()
            return Made({}, None)

        steps.run(name, step_key(1, state=state), make)
        return LeakReport(())

    first = earlier.look_at_earlier(inputs, content, look)
    assert "the hub hung up" in first[-1].sentence
    again = earlier.look_at_earlier(inputs, content, look)
    assert place.brought == ["a", "b", "b"]
    assert [(check.status, check.id) for check in again] == [
        ("undecided", "withholding.leak.earlier-1.1")
    ]
    assert "3 of 4 commits" in again[0].sentence
