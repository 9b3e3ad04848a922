"""Names and contents that somebody chose to hurt: they are shown as what they are, and bounded."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from huggingface_hub import CommitOperationAdd

from paddock.hub.large.content import Content, inline_content
from paddock.web.files.json_text import lay_out
from paddock.web.files.notebook import read_notebook
from paddock.web.files.preview import MAX_LINES, MAX_TEXT_BYTES, Showing, preview_of
from tests.live import LiveServer
from tests.web.files.people import Person, text_of

NAMES = [
    "<script>alert(1)<",
    "\"onmouseover='alert(1)'.txt",
    "a%2Fb%00c#d?e.txt",
    "evil\u202etxt.exe",
    "a b\u2028c",
    "n" * 250,
    "{{ 7*7 }}{% raw %}.md",
    "javascript:alert(1)",
]


LATIN = "caf\xe9 is not UTF-8, but nearly all of it is".encode("latin-1")


@pytest.fixture(scope="module")
def person(shared_server: LiveServer) -> Iterator[Person]:
    api = shared_server.admin_api
    api.create_repo("boss/hostile")
    operations = [CommitOperationAdd(f"dir/{name}", name.encode()) for name in NAMES]
    deep = "/".join(["d" * 100] * 30) + "/f.txt"
    operations.append(CommitOperationAdd(deep, b"deep"))
    api.create_commit("boss/hostile", operations, commit_message="<img src=x onerror=alert(1)>")
    yield Person(shared_server, "boss")


def quoted(name: str) -> str:
    return quote(name, safe="")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_everywhere(person: Person, name: str) -> None:
    for page in ("blob", "commits", "blame", "edit", "rename", "delete"):
        html = person.page(f"/boss/hostile/{page}/main/dir/{quoted(name)}")
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "\u202e" not in text_of(html) or page in {"edit", "rename"}
        assert "{{ 7*7 }}" in html or "7*7" not in name
    assert f"/boss/hostile/blob/main/dir/{quoted(name)}" in person.page(
        "/boss/hostile/tree/main/dir"
    )


def test_paths_that_lead_out_or_nowhere_are_not_found(person: Person) -> None:
    for path in ("../x", "..%2F..%2Fetc%2Fpasswd", "%2e%2e/x", "dir//", "a%5cb", "x" * 5000):
        for page in ("tree", "blob", "blame"):
            answer = person.get(f"/boss/hostile/{page}/main/{path}", follow_redirects=True)
            assert answer.status_code in {404, 200, 400}, (page, path, answer.status_code)
            assert "root:" not in answer.text
    assert person.get("/boss/hostile/blob/main/a%00b").status_code == 400
    assert person.get("/boss/hostile/tree/main/%ff").status_code == 400


def test_a_text_of_a_gigabyte_is_never_read_whole() -> None:
    asked: list[tuple[int, int]] = []

    def read(start: int, end: int) -> Iterator[bytes]:
        asked.append((start, end))
        yield b"line\n" * ((end - start) // 5)

    preview = preview_of("big.txt", Content(1 << 30, None, read), as_source=False)
    assert preview.showing is Showing.TEXT
    assert sum(end - start for start, end in asked) <= MAX_TEXT_BYTES
    assert len(preview.lines) == MAX_LINES
    assert len(preview.notes) == 2


@pytest.mark.parametrize(
    ("name", "content", "showing"),
    [
        ("a.txt", b"\0" + b"text" * 50, Showing.BINARY),
        ("a.png", b"<script>alert(1)</script>", Showing.TEXT),
        ("a.svg", b"<svg onload='alert(1)'/>", Showing.TEXT),
        ("a.html", b"<script>alert(1)</script>", Showing.TEXT),
        ("a.txt", LATIN, Showing.TEXT),
        ("a.txt", bytes(range(128, 256)) * 9, Showing.BINARY),
        ("a.md", b"# x", Showing.MARKDOWN),
        ("a.md", b"[" * 260_000, Showing.TEXT),
        ("a.ipynb", b"{}", Showing.TEXT),
        ("a.ipynb", b'{"cells": [{}, 3, {"source": [1, "x"]}]}', Showing.NOTEBOOK),
    ],
)  # fmt: skip
def test_what_poses_as_something_else_is_shown_as_it_is(
    name: str, content: bytes, showing: Showing
) -> None:
    assert preview_of(name, inline_content(content), as_source=False).showing is showing


def test_json_is_laid_out_as_it_was_written() -> None:
    text = '{"b":1e999,"b":[0.10,{"x":"a\\"]}, b"},[]],"big":123456789012345678901234567890}'
    padded = text.replace("[]", "[" + ",".join(["1"] * 200) + "]")
    laid_out = lay_out(padded)
    assert laid_out is not None
    assert "".join(laid_out.split()) == "".join(padded.split())
    assert '\n  "b": 1e999,\n  "b": [\n    0.10,' in laid_out
    for wrong in ("[" * 5000, "[1,2" * 500, '{"a":"' + "x" * 900, "]" * 900, "[}" * 500):
        assert lay_out(wrong) is None
    assert lay_out(json.dumps({"a": 1}, indent=1)) is None


def test_laying_out_cannot_be_made_to_take_all_memory() -> None:
    tracemalloc.start()
    start = time.monotonic()
    assert lay_out("[" * 60 + "1," * 400_000 + "1" + "]" * 60) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    assert time.monotonic() - start < 60


def test_of_a_notebook_only_text_is_taken() -> None:
    cells = [
        {"cell_type": "code", "source": ["1+1\n", "2"], "outputs": [
            {"data": {"text/html": "<b>no</b>", "text/plain": ["4", "2"]}},
            {"text": "printed\n"}, {"ename": "E", "evalue": "why"}, 7,
        ]},
        {"cell_type": "markdown", "source": "# hi"},
    ]  # fmt: skip
    found = read_notebook(json.dumps({"cells": cells * 300}))
    assert found is not None
    assert (len(found.cells), found.total) == (500, 600)
    assert found.cells[0].output == "42printed\nE: why\n"
    assert read_notebook("[" * 9999) is None
