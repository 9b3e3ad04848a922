"""The page with the rows of a dataset's files, over HTTP as a browser without scripts asks it."""

from __future__ import annotations

import gzip
import html
import json
import re
from urllib.parse import urljoin

import httpx
import pytest

from paddock.checkpoint.scan.report import Reason, Report, ScannedFile
from paddock.hub.scans import scanner
from tests.hub.previews.asked import parquet
from tests.live import LiveServer

CARD = """\
---
license: mit
configs:
- config_name: animals
  data_files:
  - {split: train, path: "data/*.parquet"}
  - {split: test, path: test.csv}
- config_name: questions
  data_files: questions.jsonl
---
"""
HURTS = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def dataset(shared_server: LiveServer) -> str:
    rows = {
        "id": range(1000),
        "name": [f"n{at % 7}" for at in range(1000)],
        "text": [HURTS + "x" * at for at in range(1000)],
    }
    made(
        shared_server,
        "boss/animals",
        {
            "README.md": CARD.encode(),
            "data/one.parquet": parquet(rows, row_group_size=300),
            "test.csv": b"id,who\n1,Ann\n2,Bob\n",
            "questions.jsonl": json.dumps({HURTS: HURTS, "n": {"deep": [1]}}).encode(),
        },
    )
    return f"{shared_server.url}/datasets/boss/animals/viewer"


def made(server: LiveServer, name: str, files: dict[str, bytes], **options: bool) -> None:
    api = server.admin_api
    api.create_repo(name, repo_type="dataset", **options)
    for path, content in files.items():
        api.upload_file(
            path_or_fileobj=content, path_in_repo=path, repo_id=name, repo_type="dataset"
        )


def seen(url: str, **query: object) -> str:
    """The page's text between its tags, lines joined."""
    answer = httpx.get(
        url, params=query or None, headers={"accept": "text/html"}, follow_redirects=True
    )
    assert answer.status_code == 200, answer.text
    assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def links(url: str, text: str, **query: object) -> list[str]:
    """Where the links lead whose text begins so."""
    page = httpx.get(url, params=query or None).text
    before = r"(?:<code>|<svg[^>]*><path[^>]*></svg>)?"
    found = re.findall(rf'<a [^>]*href="([^"]*)"[^>]*>{before}{re.escape(text)}', page)
    return [urljoin(url, html.unescape(href)) for href in found]


def test_the_card_says_which_files_there_are(dataset: str) -> None:
    page = httpx.get(dataset).text
    groups = re.findall(r'<optgroup label="([^"]+)"', page)
    assert groups == ["animals / train", "animals / test", "questions / train"]
    assert "Rows 1 to 100 of 1,000." in seen(dataset)
    assert "1 Ann" in seen(dataset, config="animals", split="test")
    assert seen(dataset, file="questions.jsonl").count(HURTS) >= 2
    chosen = re.findall(r'<option value="([^"]+)" selected>', page)
    assert chosen == ["data/one.parquet", "contains"]


def test_any_repository_s_table_is_shown_by_its_address(shared_server: LiveServer) -> None:
    api = shared_server.admin_api
    api.create_repo("boss/model")
    for path in ("results.csv", "config.json"):
        content = b'{"layers": 2}' if path.endswith("json") else b"step,loss\n1,0.5\n"
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="boss/model")
    url = f"{shared_server.url}/boss/model/viewer"
    assert "1 0.5" in seen(url) and "layers" in seen(url, file="config.json")
    (table,) = links(f"{shared_server.url}/boss/model/blob/main/results.csv", "Table")
    assert "1 0.5" in seen(table)
    page = httpx.get(url, params={"file": "config.json"}).text
    assert '<option value="config.json" selected>' in page


def test_one_pages_through_all_rows_by_links(dataset: str) -> None:
    first = seen(dataset)
    assert "999" not in first
    (following,) = links(dataset, "Next")
    assert "Rows 101 to 200 of 1,000." in seen(following)
    assert "Rows 901 to 1,000 of 1,000." in seen(dataset, **{"from": 950})
    assert not links(dataset, "Next", page=9) and links(dataset, "Previous", page=9)


def test_conditions_are_added_and_removed_by_a_form_and_links(dataset: str) -> None:
    told = seen(dataset, column="id", test=">=", value="990")
    assert "id >= 990" in told and "10 of all 1,000 rows" in told
    both = {"where": "id >= 990", "column": "name", "test": "=", "value": "n3"}
    assert "2 of all 1,000 rows" in seen(dataset, **both)
    (without,) = links(dataset, "id &gt;= 990", where='id >= 990 and name = "n3"')
    assert "name = n3" in seen(without) and "id >=" not in seen(without)
    ordered = seen(links(dataset, "id", where="id >= 990")[-1])
    assert "ordered by id" in ordered and ordered.index(" 990 n3") < ordered.index(" 999 n5")
    down = seen(dataset, sort="id", down=1)
    assert down.index(" 999 n5") < down.index(" 998 n4")


def test_the_files_of_a_split_are_read_on_as_one_table(shared_server: LiveServer) -> None:
    files = {
        f"data/train-{at:05}-of-00003.parquet": parquet({"n": range(at * 150, at * 150 + 150)})
        for at in range(3)
    }
    files["data/test.csv.gz"] = gzip.compress(b"n\n7\n8\n")
    made(shared_server, "boss/shards", files)
    url = f"{shared_server.url}/datasets/boss/shards/viewer"
    first = seen(url, split="train")
    assert "file 1 of 3 of train" in first and "Rows 1 to 100." in first
    assert "150 rows in this file" in first
    (second,) = links(url, "The rows behind row 150", split="train")
    assert "file 2 of 3" in seen(second) and "151 150" in seen(second)
    (page,) = links(second, "Next")
    assert "Rows 251 to 300." in seen(page) and "300 299" in seen(page)
    (third,) = links(page, "The rows behind row 300")
    assert "301 300" in seen(third) and "file 3 of 3" in seen(third)
    assert not links(third, "The rows behind")
    assert "Rows 401 to 450." in seen(third + "&from=420")
    assert "2 of all 150 rows of this file" in seen(third + "&where=n>447")
    (begin,) = links(third, "To the beginning of train")
    assert "Rows 1 to 100." in seen(begin)
    packed = seen(url, split="test")
    assert "CSV in gzip" in packed and "2 rows" in packed and "2 8" in packed
    assert "file 1" not in packed


def test_a_row_shows_its_long_values_whole(dataset: str) -> None:
    assert "x" * 900 not in seen(dataset, page=9)
    assert "x" * 999 in seen(dataset, row=999)
    (back,) = links(dataset, "All rows", row=999)
    assert "Rows 1 to 100" in seen(back)


def test_figures_are_drawn_and_told(dataset: str) -> None:
    told = seen(dataset, figures=1)
    assert "Counted in all 1,000 rows." in told
    assert "from 0 to 999" in told and "The file says of all its rows: 0 null" in told
    page = httpx.get(dataset, params={"figures": 1}).text
    assert page.count("<rect") > 20 and "style=" not in page


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"where": "id >"}, 400, "a value is missing"),
        ({"where": "nothing = 1"}, 200, "there is no column nothing"),
        ({"where": "id > x"}, 200, "holds numbers"),
        ({"row": 5000}, 200, "no row 5001"),
        ({"file": "none.csv"}, 404, "no table 'none.csv'"),
        ({"file": "README.md"}, 404, "no table 'README.md'"),
        ({"file": "../../etc/passwd.csv"}, 404, "no table"),
        ({"revision": "nowhere"}, 404, "nowhere"),
        ({"page": -1}, 400, ""),
        ({"start": 1 << 70}, 400, ""),
        ({"where": "x" * 5000}, 400, ""),
    ],
)
def test_what_cannot_be_shown_is_told(
    dataset: str, query: dict[str, object], status: int, said: str
) -> None:
    answer = httpx.get(dataset, params=query, headers={"accept": "text/html"})
    assert (answer.status_code, said in html.unescape(answer.text)) == (status, True)


def test_rows_behind_the_end_are_none(dataset: str) -> None:
    assert "No rows here." in seen(dataset, page=50)
    assert "0 of rows 4,001" in seen(dataset, start=4000, where="id > 1")


def test_a_gate_a_scan_and_privacy_hold_here_too(shared_server: LiveServer) -> None:
    files = {"data.csv": b"secret\nsesame\n"}
    made(shared_server, "boss/gated", files)
    shared_server.admin_api.update_repo_settings("boss/gated", repo_type="dataset", gated="manual")
    gated = httpx.get(f"{shared_server.url}/datasets/boss/gated/viewer")
    assert gated.status_code == 303 and gated.headers["location"].endswith("/ask-access")
    made(shared_server, "boss/private", files, private=True)
    hidden = httpx.get(f"{shared_server.url}/datasets/boss/private/viewer")
    assert hidden.status_code == 401
    token = {"authorization": f"Bearer {shared_server.user('eve')}"}
    assert httpx.get(str(hidden.url), headers=token).status_code == 404
    for answer in (gated, hidden):
        assert "sesame" not in answer.text
    own = {"authorization": f"Bearer {shared_server.admin_token}"}
    for name in ("gated", "private"):
        url = f"{shared_server.url}/datasets/boss/{name}/viewer"
        assert "sesame" in httpx.get(url, headers=own).text


def test_what_a_scan_keeps_back_is_no_table_either(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = Reason("malformed", "data.csv", "it is made to hurt")
    found = Report((ScannedFile("0/data.csv", "text", 14, (evil,)),))
    monkeypatch.setattr(scanner, "scan", lambda entries: found)
    made(shared_server, "boss/evil", {"data.csv": b"secret\nsesame2\n"})
    url = f"{shared_server.url}/datasets/boss/evil/viewer"
    assert "sesame2" in httpx.get(url).text
    shared_server.run_scans()
    kept = httpx.get(url)
    assert kept.status_code == 403 and "sesame2" not in kept.text and "data.csv" in kept.text
    own = {"authorization": f"Bearer {shared_server.admin_token}"}
    assert "sesame2" in httpx.get(url, headers=own).text
