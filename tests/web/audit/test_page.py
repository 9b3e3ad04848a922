"""The tab "Audit": results with intervals, beside those of others, and the samples behind them."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from paddock.web.audit.samples import READ_BYTES, file_of, page_of
from tests.hub.releases.made import CARD, RESULT, document, publish, release_files
from tests.live import LiveServer

KEY = ec.generate_private_key(ec.SECP256R1())
ROWS = [{"id": n, "question": f"is <b>tea {n}</b> in stock?", "correct": n % 2} for n in range(50)]
SAMPLES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)


def _said(version: str, value: float) -> dict[str, object]:
    row = {**RESULT, "value": value, "low": value - 0.03, "high": value + 0.03}
    point = {"eval": "point", "value": 1.5}
    return document(version, results=[row, point])


@pytest.fixture(scope="module")
def hub(shared_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> LiveServer:
    folder = tmp_path_factory.mktemp("audited")
    token = shared_server.user("lab")
    more = {"audit/shop.json": b"{}", "audit/shop.samples.jsonl": SAMPLES}
    for version, value in (("1.0.0", 0.5), ("1.1.0", 0.7)):
        files = release_files(_said(version, value), KEY, more)
        publish(shared_server, token, "lab/tiny", files, folder / version, tag=version)
    files = release_files(_said("2.0.0", 0.72), KEY)
    publish(shared_server, token, "lab/peer", files, folder / "peer")
    secret = release_files(_said("2.0.0", 0.123), KEY)
    publish(shared_server, token, "lab/secret", secret, folder / "secret", private=True)
    return shared_server


def _page(hub: LiveServer, path: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(hub.url + path, headers=headers)


def test_results_are_drawn_and_told_with_their_intervals(hub: LiveServer) -> None:
    page = _page(hub, "/lab/tiny/audit").text
    assert "As the release 1.1.0 says, which its key signed" in page
    assert "<title id=" in page
    assert "tiny: 0.7 (0.67 to 0.73); release 1.0.0: 0.5 (0.47 to 0.53)" in page
    assert "0.67 to 0.73 (95 %)" in page
    assert "not stated" in page  # of the point
    assert ">better<" in page
    assert "hollow" in page
    assert " style=" not in page


def test_another_model_is_compared_on_the_same_evaluation_only(hub: LiveServer) -> None:
    page = _page(hub, "/lab/tiny/audit?with=lab/peer").text
    assert "lab/peer: 0.72" in page
    assert ">not clear<" in page
    page = _page(hub, "/lab/tiny/audit?with=lab/gone").text
    assert "lab/gone is no model that you can see here" in page
    for name in ("x", "a/b/c", "/", "", "../..", "lab/tiny%00"):
        assert _page(hub, f"/lab/tiny/audit?with={name}").status_code == 200


def test_a_private_model_is_compared_for_those_who_may_see_it(hub: LiveServer) -> None:
    page = _page(hub, "/lab/tiny/audit?with=lab/secret").text
    assert "0.123" not in page
    assert "lab/secret is no model that you can see here" in page
    assert "0.123" in _page(hub, "/lab/tiny/audit?with=lab/secret", hub.user("lab")).text


def test_every_sample_is_one_click_away_page_by_page(hub: LiveServer) -> None:
    page = _page(hub, "/lab/tiny/audit").text
    link = "/lab/tiny/audit/samples?path=audit/shop.samples.jsonl"
    assert f'href="{link}"' in page
    seen: list[str] = []
    address: str | None = link
    while address is not None:
        text = _page(hub, address).text
        seen += [f"tea {n}" for n in range(50) if f"&lt;b&gt;tea {n}&lt;/b&gt;" in text]
        at = text.find('rel="next"')
        address = None
        if at >= 0:
            address = text[at:].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert seen == [f"tea {n}" for n in range(50)]
    for bad in (
        "path=config.json",
        "path=none.jsonl",
        f"path=audit/shop.samples.jsonl&from={10**9}",
    ):
        assert _page(hub, f"/lab/tiny/audit/samples?{bad}").status_code == 404
    assert _page(hub, f"{link}&from=-1").status_code == 200


def test_samples_of_a_gated_model_are_for_those_who_were_let_in(
    hub: LiveServer, tmp_path: Path
) -> None:
    token = hub.user("lab")
    more = {"audit/shop.samples.jsonl": SAMPLES, ".eval_results/a.yaml":
            b"- dataset: {id: d, task_id: kept}\n  value: 0.987\n"}  # fmt: skip
    publish(hub, token, "lab/gated", release_files(_said("1", 0.6), KEY, more), tmp_path)
    hub.api(token).update_repo_settings("lab/gated", gated="auto")
    link = "/lab/gated/audit/samples?path=audit/shop.samples.jsonl"
    assert _page(hub, link).status_code == 401
    assert _page(hub, link, token).status_code == 200
    page = _page(hub, "/lab/gated/audit").text
    assert "0.987" not in page
    assert "for those who were let in" in page
    assert "0.987" in _page(hub, "/lab/gated/audit", token).text


def test_results_of_cards_and_files_count_where_there_is_no_release(hub: LiveServer) -> None:
    api = hub.api(hub.user("plain"))
    api.create_repo("plain/model")
    index = CARD.replace("tags: [tiny]", "model-index: [{name: m, results: [{task: {type: t}, "
        "dataset: {type: d, name: MMLU}, metrics: [{type: accuracy, value: 0.31}]}]}]")  # fmt: skip
    yaml = b"- dataset: {id: cais/mmlu, task_id: default}\n  value: 71.5\n"
    for path, content in (("README.md", index.encode()), (".eval_results/a.yaml", yaml)):
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="plain/model")
    page = _page(hub, "/plain/model/audit").text
    assert "MMLU: accuracy" in page
    assert "71.5" in page
    assert ".eval_results/a.yaml" in page
    api.create_repo("plain/bare")
    bare = _page(hub, "/plain/bare/audit").text
    assert "Nothing was measured, or nobody said so" in bare
    assert "audit.results" in bare


def test_files_of_samples_are_found_by_the_names_that_evaluators_give() -> None:
    paths = [
        "a/r.json",
        "a/r.samples.jsonl",
        "samples_mmlu_1.jsonl",
        "samples_mmlu_2.jsonl",
        "x.jsonl",
    ]
    assert file_of("a/r.json", None, paths) == "a/r.samples.jsonl"
    assert file_of("results.json", "mmlu", paths) == "samples_mmlu_2.jsonl"
    assert file_of("x.jsonl", None, paths) == "x.jsonl"
    assert file_of("results.json", None, paths) is None
    assert file_of(None, "mmlu", paths) is None


def test_a_line_longer_than_what_is_read_is_cut_and_passed() -> None:
    raw = b'{"a": "' + b"x" * READ_BYTES
    first = page_of(raw[:READ_BYTES], 0, len(raw) + 10)
    assert first.samples[0].is_cut
    assert first.next_at == READ_BYTES
    assert page_of(b"", 0, 0) == ((), None)
    odd = page_of(b'[1]\n\nnot json\n{"a": {"b": [1]}}', 0, 31)
    assert [len(sample.fields) for sample in odd.samples] == [1, 1, 1]
    assert odd.next_at is None
