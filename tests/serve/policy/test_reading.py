"""policy.yaml: what is said of it when it is wrong, and which one holds."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    render_manifest,
)
from paddock.serve.policy.document import Action, Stage
from paddock.serve.policy.errors import BadPolicy
from paddock.serve.policy.loading import PolicyNotSigned, find_policy
from paddock.serve.policy.reading import parse_policy
from tests.conftest import REPOSITORY

HEAD = "apiVersion: paddock/v1\nkind: Policy\n"
RULE = "rules:\n  - {id: a, category: S1, phrases: [pot]}\n"


def test_the_policy_of_the_documentation_is_one() -> None:
    page = (REPOSITORY / "docs" / "policy.md").read_text()
    written = page.partition("```yaml\n")[2].partition("```")[0]
    policy = parse_policy(written.encode())
    assert [rule.id for rule in policy.rules] == ["code-names", "order-numbers"]
    assert len(policy.judges) == 3


def test_a_whole_policy_is_read() -> None:
    policy = parse_policy(
        (
            HEAD + "language: de\nwindow: 200\non_failure: {before: open}\n"
            "categories:\n  S9: {threshold: 0.2, refusal: Nein.}\n  own: {description: Ours}\n"
            "rules:\n  - {id: a, category: own, phrases: [pot], except: [pot plant],"
            " patterns: ['ab{1,3}'], stages: [after], action: redact, replacement: '***'}\n"
            "judges:\n  - {id: b, url: 'https://x.example/v1', stages: [before], action: log}\n"
        ).encode()
    )
    assert policy.refusal.startswith("Dabei kann ich nicht helfen")
    assert policy.refusal_of("S9") == "Nein."
    assert policy.threshold_of("S9", policy.judges[0]) == 0.2
    assert policy.threshold_of("S1", policy.judges[0]) == 0.5
    assert policy.open_stages == {Stage.BEFORE}
    assert policy.rules[0].action is Action.REDACT
    assert policy.rules[0].stages == {Stage.AFTER}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "is empty"),
        ("kind: Policy\n", "'apiVersion' is missing"),
        (HEAD + "ruels: []\n", "policy.yaml:3: unknown key 'ruels'"),
        (HEAD + "rules: {}\n", "rules: must be a list"),
        (HEAD + "rules:\n  - {id: a, category: S1}\n", "neither phrases nor patterns"),
        (HEAD + "rules:\n  - {id: a, category: S99, phrases: [x]}\n", "no category 'S99'"),
        (HEAD + "rules:\n  - {id: a, category: S1, phrases: ['!?']}\n", "holds no word"),
        (HEAD + "rules:\n  - {id: a, category: S1, patterns: ['a*']}\n", "may match more"),
        (HEAD + RULE + "  - {id: a, category: S1, phrases: [x]}\n", "'a' is there twice"),
        (
            HEAD + "rules:\n  - {id: a, category: S1, phrases: [x], action: redact}\n",
            "only answers can be redacted",
        ),
        (HEAD + "judges:\n  - {id: a}\n", "one of plugin, url and llama_guard"),
        (HEAD + "judges:\n  - {id: a, url: 'file:///x'}\n", "must begin with http"),
        (HEAD + "judges:\n  - {id: a, plugin: x, threshold: 2}\n", "above 0 and at most 1"),
        (HEAD + "judges:\n  - {id: a, plugin: x, stages: [during]}\n", "neither before nor after"),
        (HEAD + "on_failure: {before: maybe}\n", "as open or closed"),
        (HEAD + "window: 0\n", "from 1 to 20000"),
        (HEAD + "language: xx\n", "'xx' is not one of"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(written: str, told: str) -> None:
    with pytest.raises(BadPolicy) as wrong:
        parse_policy(written.encode())
    assert told in wrong.value.message


def released(folder: Path, policy: bytes | None) -> Path:
    """A folder with the manifest of a release; whether its signature holds is asked elsewhere."""
    (folder / "config.json").write_bytes(b"{}")
    contents = {"config.json": b"{}"} | ({} if policy is None else {"policy.yaml": policy})
    files = [
        ReleaseFile(
            name,
            "config",
            None,
            len(content),
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(content).hexdigest(),
        )
        for name, content in contents.items()
    ]
    (folder / MANIFEST_NAME).write_bytes(render_manifest({"name": "n", "version": "1"}, files))
    (folder / SIGNATURE_NAME).write_bytes(b"{}")
    return folder


def test_the_policy_beside_the_model_holds(tmp_path: Path) -> None:
    assert find_policy(tmp_path) is None
    (tmp_path / "policy.yaml").write_text(HEAD + RULE)
    found = find_policy(tmp_path)
    assert found is not None
    assert find_policy(tmp_path / "model.gguf") == found
    assert find_policy(tmp_path, "none") is None
    (tmp_path / "other.yaml").write_text(HEAD)
    other = find_policy(tmp_path, str(tmp_path / "other.yaml"))
    assert other is not None
    assert other.digest != found.digest


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        ("url: 'https://elsewhere.example/', key_env: HF_TOKEN", "sends texts to"),
        ("url: 'http://169.254.169.254/'", "sends texts to"),
        ("llama_guard: /srv/models/guard", "on this machine"),
        ("llama_guard: ../guard", "on this machine"),
        ("llama_guard: guard", "on this machine"),
    ],
)
def test_a_policy_that_came_with_a_model_sends_nothing_anywhere(
    judge: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(HEAD + f"judges:\n  - {{id: far, {judge}}}\n")
    with pytest.raises(BadPolicy, match=told):
        find_policy(tmp_path)
    assert find_policy(tmp_path, str(path)) is not None  # the operator's own word
    path.write_text(
        HEAD + "judges:\n  - {id: near, llama_guard: meta-llama/Llama-Guard-3-1B@main}\n"
    )
    assert find_policy(tmp_path) is not None


def test_only_a_file_is_a_policy(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "policy.yaml")
    with pytest.raises(BadPolicy, match="no file"):
        find_policy(tmp_path)
    with pytest.raises(BadPolicy, match="no file"):
        find_policy(tmp_path, str(tmp_path / "nothing.yaml"))


def test_a_release_has_the_policy_that_was_signed_or_none(tmp_path: Path) -> None:
    written = (HEAD + RULE).encode()
    folder = released(tmp_path, written)
    with pytest.raises(PolicyNotSigned, match="is missing"):
        find_policy(folder)
    (folder / "policy.yaml").write_bytes(written)
    assert find_policy(folder) is not None
    (folder / "policy.yaml").write_bytes(written + b"# softer\n")
    with pytest.raises(PolicyNotSigned, match="is not the policy that was signed"):
        find_policy(folder)
    released(tmp_path, None)
    with pytest.raises(PolicyNotSigned, match="not among the files"):
        find_policy(folder)
