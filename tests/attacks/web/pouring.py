"""A hub in which every field that a page shows holds attacks, written by Eve as anybody could.

What the hub refuses to keep is left out; ``Poured.kept`` says how much was kept, where.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pyarrow as pa
import pyarrow.parquet
import yaml

from paddock.errors import BadInput
from paddock.hub.git.operations import check_path
from tests.attacks.web.payloads import MUTATING, PAYLOADS, STYLES
from tests.checkpoint.samples import file_of
from tests.live import LiveServer
from tests.web.access_world import commit_body

FIELDS = "eve/fields"
TABLES = "eve/tables"
LINES = [" ".join(text.split()) for text in PAYLOADS]
_REFS = ["<svg/onload=window.hacked=1>", '"><img/src=x', "{{7*7}}", "'onx='"]
# Each swallows what comes after it, so it stands last in a card of its own.
_LAST = [*MUTATING, *STYLES[-4:]]


@dataclass
class Poured:
    """The addresses to look at with who looks, and how many texts were kept by what."""

    addresses: list[tuple[str, str | None]] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)

    def look(self, *paths: str, user: str | None = None) -> None:
        self.addresses += [(path, user) for path in paths]


class _Writer:
    """Eve, or whom she writes to."""

    def __init__(self, server: LiveServer, name: str, poured: Poured) -> None:
        headers = {"Authorization": f"Bearer {server.user(name)}"}
        self.client = httpx.Client(base_url=server.url, headers=headers, timeout=60)
        self.poured = poured

    def send(self, method: str, path: str, body: Any, what: str = "") -> Any:
        """The answer, or None where the hub does not take it; counted under ``what``."""
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = self.client.request(method, path, **sent)
        assert answer.status_code < 500, (path, body, answer.text)
        if not answer.is_success:
            assert what, answer.text
            return None
        self.poured.kept[what] += 1
        return answer.json() if answer.content else {}


def pour(server: LiveServer) -> Poured:
    poured = Poured()
    eve, ada = _Writer(server, "eve", poured), _Writer(server, "ada", poured)
    try:
        _cards(eve)
        _fields(eve)
        _files(eve)
        _history(eve)
        _talk(eve)
        _gate(eve, ada)
        _accounts(eve, server)
        _tables(eve)
        _reports(eve, ada)
    finally:
        eve.client.close()
        ada.client.close()
    return poured


def _create(by: _Writer, name: str, kind: str = "model", **more: Any) -> str:
    _, _, short = name.partition("/")
    by.send("POST", "/api/repos/create", {"name": short, "type": kind, **more})
    return f"/api/{kind}s/{name}"


def _cards(eve: _Writer) -> None:
    """Every payload in a card, each card closed by one that swallows the rest."""
    others = [text for text in PAYLOADS if text not in _LAST]
    for i, last in enumerate(_LAST):
        api = _create(eve, f"eve/card-{i:02}")
        parts = [*others[i :: len(_LAST)], last]
        card = "# A card\n\n" + "\n\n".join(parts)
        eve.send("POST", f"{api}/commit/main", commit_body({"README.md": card.encode()}), "cards")
        eve.poured.look(f"/eve/card-{i:02}")


def _fields(eve: _Writer) -> None:
    """Front matter of which every value is an attack."""
    api = _create(eve, FIELDS)
    some = LINES[::3]
    front = {
        "license": "other",
        "license_name": LINES[3],
        "license_link": f"javascript:{LINES[1]}",
        "language": some[:10],
        "tags": some[:60],
        "pipeline_tag": LINES[50],
        "library_name": LINES[51],
        "datasets": some[10:20],
        "metrics": some[20:25],
        "thumbnail": "javascript:window.hacked=1",
        "widget": [{"text": text} for text in some[:10]],
        "model-index": [{"name": LINES[60], "results": [_result(text) for text in some[:10]]}],
        "extra_gated_heading": LINES[70],
        "extra_gated_prompt": "\n\n".join(PAYLOADS[::4]),
        "extra_gated_description": LINES[71],
        "extra_gated_button_content": LINES[72],
        "extra_gated_fields": {
            **{text: "text" for text in LINES[100:110]},
            LINES[110]: {"type": "select", "options": LINES[111:120]},
            LINES[121]: "checkbox",
        },
    }
    card = f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n# Fields\n"
    eve.send("POST", f"{api}/commit/main", commit_body({"README.md": card.encode()}))
    tabs = ("", "/release", "/audit", "/lineage", "/discussions", "/reports", "/tree/main")
    eve.poured.look(*(f"/{FIELDS}{tab}" for tab in tabs))
    eve.poured.look(f"/{FIELDS}/settings", f"/{FIELDS}/access", user="eve")
    eve.poured.look("/models?search=fields", "/search?q=fields")


def _result(text: str) -> dict[str, Any]:
    return {
        "task": {"type": text, "name": text},
        "dataset": {"type": text, "name": text},
        "metrics": [{"type": text, "value": text, "name": text}],
        "source": {"name": text, "url": "javascript:window.hacked=1"},
    }


def _files(eve: _Writer) -> None:
    """Names and contents of files."""
    names = {f"{i:03}{text}.txt": text.encode() for i, text in enumerate(PAYLOADS) if i % 2}
    names |= {f"deep/{text.replace('/', '∕')[:80]}": b"x" for text in LINES[::5]}
    kept = {path: content for path, content in names.items() if _is_path(path)}
    every = "\n".join(PAYLOADS)
    table = io.StringIO()
    csv.writer(table).writerows([LINES[:5], *([text] * 5 for text in LINES)])
    kept |= {
        "page.html": f"<!doctype html><script>window.hacked=1</script>{every}".encode(),
        "page.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>window.hacked=1</script></html>",
        "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.hacked=1'>"
        b"<script>window.hacked=1</script></svg>",
        "text.md": every.encode(),
        "code.py": every.encode(),
        "data.json": json.dumps({text: text for text in PAYLOADS}).encode(),
        "table.csv": table.getvalue().encode(),
        "config.json": json.dumps({"architectures": LINES[:5], "model_type": LINES[6]}).encode(),
        "model.safetensors": file_of(
            {
                "__metadata__": {text: text for text in LINES[:40]},
                **{
                    f"{text}.weight": {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]}
                    for i, text in enumerate(LINES[40:60])
                },
            },
            b"x" * 20,
        ),
    }
    eve.send("POST", f"/api/models/{FIELDS}/commit/main", commit_body(kept))
    eve.poured.kept["names"] = len(kept)
    shown = ["page.html", "picture.svg", "text.md", "code.py", "data.json", "table.csv"]
    shown += ["model.safetensors", *list(kept)[:6]]
    eve.poured.look(*(f"/{FIELDS}/blob/main/{quote(name)}" for name in shown))
    eve.poured.look(f"/{FIELDS}/tree/main/deep")
    hers = (f"/{FIELDS}/{action}/main/code.py" for action in ("blob", "blame", "edit", "rename"))
    eve.poured.look(*hers, f"/{FIELDS}/upload/main", user="eve")


def _is_path(text: str) -> bool:
    try:
        check_path(text)
    except BadInput:
        return False
    return True


def _history(eve: _Writer) -> None:
    """Messages of commits and names of branches and tags."""
    api = f"/api/models/{FIELDS}"
    for i, text in enumerate(LINES[::12]):
        body = commit_body({"counter.txt": b"%d" % i}).replace(
            b'"summary": "change"',
            b'"summary": %s, "description": %s'
            % (json.dumps(text).encode(), json.dumps(PAYLOADS[i * 7]).encode()),
        )
        eve.send("POST", f"{api}/commit/main", body, "messages")
    for i, text in enumerate(_REFS):
        eve.send("POST", f"{api}/branch/{quote(text, safe='')}", {}, "branches")
        eve.send("POST", f"{api}/tag/main", {"tag": f"{text}{i}", "message": LINES[i]}, "tags")
    head = eve.client.get(api).json()["sha"]
    eve.poured.look(f"/{FIELDS}/commits/main", f"/{FIELDS}/commit/{head}", f"/{FIELDS}/compare")


def _talk(eve: _Writer) -> None:
    """Titles, comments, their histories, and a proposal."""
    api = f"/api/models/{FIELDS}"
    for text in LINES[::6]:
        said = {"title": text[:200], "description": text, "pullRequest": False}
        eve.send("POST", f"{api}/discussions", said, "titles")
    for text in PAYLOADS:
        eve.send("POST", f"{api}/discussions/1/comment", {"comment": text}, "comments")
    for text in LINES[1::40]:
        eve.send("POST", f"{api}/discussions/1/title", {"title": text[:200]}, "renamed")
    every = "\n".join(PAYLOADS).encode()
    changed = commit_body({"code.py": every.replace(b"hacked", b"Hacked"), "new.html": every})
    done = eve.send("POST", f"{api}/commit/main?create_pr=1", changed, "proposals")
    number = done["pullRequestUrl"].rpartition("/")[2]
    eve.poured.look(*(f"/{FIELDS}/discussions/1?p={p}" for p in range(3)))
    eve.poured.look(f"/{FIELDS}/discussions/{number}", f"/{FIELDS}/discussions/{number}/files")
    eve.poured.look("/notifications", user="ada")


def _gate(eve: _Writer, ada: _Writer) -> None:
    """The form of a gate, and answers to it, which its owner reads."""
    eve.send("PUT", f"/api/models/{FIELDS}/settings", {"gated": "manual"})
    eve.poured.look(f"/{FIELDS}/ask-access", user="ben")
    api = _create(ada, "ada/gated")
    card = b"---\nextra_gated_fields: {Why: text}\n---\n# Gated\n"
    ada.send("POST", f"{api}/commit/main", commit_body({"README.md": card}))
    ada.send("PUT", f"{api}/settings", {"gated": "manual"})
    eve.send("POST", "/ada/gated/ask-access", {"Why": PAYLOADS[0]}, "answers")
    ada.poured.look("/ada/gated/access", user="ada")


def _accounts(eve: _Writer, server: LiveServer) -> None:
    """What people and organisations say of themselves, their lists and their tokens."""
    for text in LINES[::10]:
        profile = {"fullname": text[:200], "details": text}
        eve.send("PATCH", "/api/settings/profile", profile, "profiles")
    for key, text in (("website", "javascript:window.hacked=1"), ("github", LINES[13])):
        eve.send("PATCH", "/api/settings/profile", {key: text}, "addresses")
    server.org("evil", "eve")
    said = {"fullname": LINES[47][:200], "details": "\n".join(LINES[::20])[:1000]}
    eve.send("PATCH", "/api/organizations/evil/settings/profile", said, "organisations")
    for text in LINES[::16]:
        item = {"type": "model", "id": FIELDS}
        new = {"title": text[:58], "description": text[:140], "namespace": "eve", "item": item}
        made = eve.send("POST", "/api/collections", new, "collections")
        if made:
            note = {"item": {"type": "model", "id": "eve/card-00"}, "note": text}
            eve.send("POST", f"/api/collections/{made['slug']}/items", note, "notes")
            eve.poured.addresses[:0] = [(f"/collections/{made['slug']}", None)][:1]
        eve.send("POST", "/api/settings/tokens", {"displayName": text, "role": "read"}, "tokens")
    eve.poured.look("/eve", "/evil", "/collections")
    eve.poured.look("/settings/tokens", "/settings/profile", "/settings/organisations", user="eve")


def _tables(eve: _Writer) -> None:
    """Cells and names of columns."""
    api = _create(eve, TABLES, "dataset")
    sink = io.BytesIO()
    columns = {text: LINES[:50] for text in dict.fromkeys(LINES[:8])}
    pa.parquet.write_table(pa.table(columns), sink)
    lines = "".join(json.dumps({LINES[9]: text, "b": {text: text}}) + "\n" for text in LINES)
    contents = {"train.parquet": sink.getvalue(), "lines.jsonl": lines.encode()}
    eve.send("POST", f"{api}/commit/main", commit_body(contents))
    shown = (f"/datasets/{TABLES}/viewer?file={name}" for name in contents)
    eve.poured.look(f"/datasets/{TABLES}/viewer", *shown)


def _reports(eve: _Writer, ada: _Writer) -> None:
    """A report to somebody else, and what is answered."""
    api = _create(ada, "ada/reported")
    every = "\n\n".join(PAYLOADS)
    new = {
        "category": "wrong", "title": LINES[55][:200], "details": every[:9000],
        "messages": [{"role": "user", "content": every[:9000]}],
        "output": every[:9000], "expected": LINES[56], "credited": True,
    }  # fmt: skip
    made = eve.send("POST", f"{api}/reports", new, "reports")
    for text in LINES[::50]:
        eve.send("POST", f"{api}/reports/{made['id']}/messages", {"text": text}, "messages")
    ada.poured.look("/ada/reported/reports", f"/ada/reported/reports/{made['id']}", user="ada")
