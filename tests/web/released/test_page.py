"""The tab "Release": what a release says, who signed it, what changed, and what others may see."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.hub.releases.made import CHECKS, COMPONENTS, RESULT, document, publish, release_files
from tests.live import LiveServer

KEY = ec.generate_private_key(ec.SECP256R1())
DOCUMENTS = {
    "documents/openness.md": b"# Openness\n\n[card](../README.md) <script>alert(1)</script>",
    "documents/model-card.html": b"<h1>Card</h1><p onclick=x()>words</p><style>p{}</style>"
    b"<img src='https://e.example/x.png'>",
    "documents/bom.cdx.json": b"{}",
}


@pytest.fixture(scope="module")
def lab(shared_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    """Two releases of one model, tagged."""
    folder = tmp_path_factory.mktemp("lab")
    token = shared_server.user("lab")
    first = document(results=[{**RESULT, "value": 0.5, "low": 0.46, "high": 0.54}])
    files = release_files(first, KEY, {"model.safetensors": b"one", **DOCUMENTS})
    publish(shared_server, token, "lab/tiny", files, folder / "1", tag="1.0.0")
    parts = [{**COMPONENTS[0], "access": "gated"}, *COMPONENTS[1:]]
    second = document("1.1.0", components=parts)
    files = release_files(second, KEY, {"model.safetensors": b"two", **DOCUMENTS})
    publish(shared_server, token, "lab/tiny", files, folder / "2", tag="1.1.0")
    return shared_server


def _page(server: LiveServer, path: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(server.url + path, headers=headers)


def test_a_release_tells_everything_that_it_says_of_itself(lab: LiveServer) -> None:
    page = _page(lab, "/lab/tiny/release").text
    assert "tiny 1.1.0" in page
    assert '<span class="badge">right</span>' in page
    assert "paddock verify lab/tiny@1.1.0 --trust KEY.pub.pem" in page
    assert "This hub checked one thing" in page
    assert "privacy, looked at again on 2027-01-31" in page
    assert page.count("c" * 64) == 2  # the commitment of the component, and of what is kept back
    assert "file rows.jsonl" in page
    assert "In no class" in page
    assert "Missing for Class III" in page
    assert "You must give any other recipients" in page  # a duty of Apache-2.0
    assert "Use for business: <strong>yes</strong>" in page
    assert "ada@acme.example, safety" in page
    assert "under the policy <strong>two-people</strong>" in page
    assert "waiver by eve@acme.example: we know" in page
    assert "f" * 64 in page
    assert page.count("<h1") == 1


def test_it_says_what_changed_since_the_release_before(lab: LiveServer) -> None:
    page = _page(lab, "/lab/tiny/release").text
    assert 'Compared with <a href="/lab/tiny/release?rev=1.0.0">1.0.0</a>' in page
    assert "<td>open</td><td>gated</td>" in page.replace("\n", "")
    assert ">better<" in page
    assert "names a key that the release before named" in page
    assert "<code>model.safetensors</code>" in page
    first = _page(lab, "/lab/tiny/release?rev=1.0.0").text
    assert "not at main" in first
    assert "No tag leads to an earlier release" in first
    back = _page(lab, "/lab/tiny/release?rev=1.0.0&against=1.1.0").text
    assert ">worse<" in back


def test_documents_are_read_as_sanitised_text(lab: LiveServer) -> None:
    page = _page(lab, "/lab/tiny/release/read?path=documents/openness.md").text
    assert "alert(1)</script>" not in page
    assert 'href="/lab/tiny/blob/main/README.md"' in page
    page = _page(lab, "/lab/tiny/release/read?path=documents/model-card.html").text
    assert "words" in page
    assert "onclick" not in page
    assert "p{}" not in page
    assert "<img" not in page
    for path in ("config.json", "documents/bom.cdx.json", "documents/none.md", "../x.md", ""):
        assert _page(lab, f"/lab/tiny/release/read?path={path}").status_code == 404, path


def test_without_a_release_it_says_what_that_means(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("plain"))
    api.create_repo("plain/model")
    card = b"---\nlicense: apache-2.0\n---\n# x"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="plain/model")
    page = _page(shared_server, "/plain/model/release").text
    assert "Not released with paddock" in page
    assert "paddock release publish ./my-checkpoint --to plain/model" in page
    assert "You must give any other recipients" in page
    api.upload_file(
        path_or_fileobj=b'{"name": 1}', path_in_repo="release.json", repo_id="plain/model"
    )
    page = _page(shared_server, "/plain/model/release").text
    assert "Its release cannot be read" in page
    assert "does not say which release it is of" in page


def test_of_a_gated_model_strangers_hear_verdicts_and_not_what_was_quoted(
    lab: LiveServer, tmp_path: Path
) -> None:
    token = lab.user("lab")
    files = release_files(document(), KEY, DOCUMENTS)
    publish(lab, token, "lab/gated", files, tmp_path)
    lab.api(token).update_repo_settings("lab/gated", gated="manual")
    page = _page(lab, "/lab/gated/release").text
    assert "quality.shop" in page
    assert CHECKS[1]["sentence"] not in page
    assert "we know" not in page
    read = "/lab/gated/release/read?path=documents/openness.md"
    assert read not in page
    assert _page(lab, read).status_code == 401
    assert "we know" in _page(lab, "/lab/gated/release", token).text
    assert _page(lab, read, token).status_code == 200


def test_hostile_claims_are_text(lab: LiveServer, tmp_path: Path) -> None:
    token = lab.user("mallory")
    bad = "</td><script>alert(1)</script><img src=x onerror=alert(1)>"
    said = document(
        metadata={"description": bad, "date": bad},
        producer={bad: bad},
        components=[{"name": bad, "access": bad, "reason": bad}],
        checks=[{"id": bad, "group": bad, "status": bad, "sentence": bad}],
        outputs=[{"id": bad, "format": bad, "files": [bad], "weights_sha256": bad}],
        withheld=[{"what": bad, "reason": bad}],
        results=[{**RESULT, "eval": bad, "dataset": bad, "metric": bad}],
        ancestors=[{"id": bad, "path": [bad]}],
        tool={"name": bad},
    )
    gate = json.dumps({"policy": bad, "approvals": [{"person": bad}], "checks": said["checks"]})
    files = release_files(said, KEY, {"gate/decision.json": gate.encode()})
    publish(lab, token, "mallory/bad", files, tmp_path)
    for tab in ("", "/release", "/audit", "/lineage"):
        page = _page(lab, f"/mallory/bad{tab}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text, tab
        assert "<img src=x" not in page.text, tab


def test_a_signature_by_another_key_is_called_wrong(lab: LiveServer, tmp_path: Path) -> None:
    token = lab.user("eve")
    files = release_files(document(), KEY)
    other = release_files(document(), ec.generate_private_key(ec.SECP256R1()))
    files["release.oms.json"] = other["release.oms.json"]
    publish(lab, token, "eve/forged", files, tmp_path)
    page = _page(lab, "/eve/forged/release").text
    assert "missing or wrong" in page
    assert '<span class="badge">right</span>' not in page
    assert "nobody whose signature is right" in _page(lab, "/eve/forged").text
