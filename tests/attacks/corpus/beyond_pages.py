"""246 to 250: our own attacks with pages, notebooks, names, secrets in pieces and git's own files."""

from __future__ import annotations

import json

from tests.attacks.corpus.case import Expected, Family, Program, Variants
from tests.attacks.corpus.leaks import HUB_TOKEN
from tests.attacks.corpus.other_formats import notebook
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.tokenizers_files import tokenizer, written

FAMILY = Family("beyond pages")
R, Q = Expected.REJECT, Expected.QUARANTINE
FSMONITOR = b'[core]\n\tfsmonitor = ./payload\n[filter "x"]\n\tsmudge = true\n'
OPTION = b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'


@FAMILY.case(246, "files that run by being there", R)
def by_name() -> Variants:
    for name, content in (
        ("evil.pth", b"import os; os.system('true')\n"), ("sitecustomize.py", b"import os\nos.system('true')\n"),
        (".git/hooks/post-checkout", b"#!/bin/sh\ntrue\n"), (".git/config", FSMONITOR), (".gitmodules", OPTION),
    ):  # fmt: skip
        yield name.replace("/", "-"), {"config.json": b"{}", name: content}
    yield (
        "hook-program",
        {"config.json": b"{}", ".git/hooks/pre-commit": Program(b"#!/bin/sh\ntrue\n")},
    )


@FAMILY.case(247, "pages with something that runs", R)
def pages() -> Variants:
    for name, text in (
        ("uppercase", "<SCRIPT>void 0</SCRIPT>"), ("split", "<scr<script>ipt>void 0</script>"), ("svg", "<svg onload=void(0)>"),
        ("data", "[x](data:text/html;base64,PHNjcmlwdD4=)"), ("vbscript", "[x](vbscript:msgbox)"), ("entity", "<a href='&#106;avascript:void(0)'>x</a>"),
        ("object", "<object data='x.swf'></object>"), 
        ("meta", "<meta http-equiv=refresh content='0;url=https://x.example'>"), ("base", "<base href='https://x.example/'>"), 
    ):  # fmt: skip
        yield one(name, f"# A model\n\n{text}\n".encode(), "README.md")
    yield one(
        "front-matter",
        b"---\ntitle: '<script>void 0</script>'\n---\n# x\n<script>void 0</script>\n",
        "README.md",
    )
    cell = {"cell_type": "markdown", "source": ["<script>void 0</script>"], "metadata": {}}
    whole = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    yield one("notebook-markdown", json.dumps(whole).encode(), "use.ipynb")


@FAMILY.case(248, "secrets that are not in one piece", R)
def hidden_secrets() -> Variants:
    half = len(HUB_TOKEN) // 2
    for name, file, raw in (
        ("escaped-json", "a.json", json.dumps({"t": HUB_TOKEN}).replace("hf_", "\\u0068f_").encode()),
        ("continued", "a.sh.txt", f"T={HUB_TOKEN[:half]}\\\n{HUB_TOKEN[half:]}\n".encode()),
        ("python-join", "a.txt", f"'{HUB_TOKEN[:half]}' + '{HUB_TOKEN[half:]}'\n".encode()),
        ("zero-width", "a.txt", f"{HUB_TOKEN[:half]}\u200b{HUB_TOKEN[half:]}\n".encode()),
        ("at-a-boundary", "a.log", b"x" * ((1 << 20) - 20) + b"\n" + HUB_TOKEN.encode() + b"\n"),
        ("second-boundary", "a.log", b"y " * ((1 << 22) // 2 - 15) + HUB_TOKEN.encode() + b"\n"),
        ("yaml-folded", "a.yaml", f'token: "{HUB_TOKEN[:half]}\\\n  {HUB_TOKEN[half:]}"\n'.encode()),
        ("url", "a.txt", f"https://user:{HUB_TOKEN}@hub.example/x\n".encode()),
    ):  # fmt: skip
        yield one(name, raw, file)
    yield one("in-the-name", b"x\n", f"{HUB_TOKEN}.txt")


@FAMILY.case(249, "names that mislead people and systems", Q)
def names() -> Variants:
    misleading = (
        "a\u202egnp.txt",
        "model\u200b.json",
        "x\u2066y.txt",
        "tab\there.txt",
        "line\nbreak.txt",
    )
    for number, name in enumerate(misleading):
        yield f"{number}", {"config.json": b"{}", name: b"{}"}


@FAMILY.case(250, "programs, pages and rules that a person has to look at", Q)
def looked_at() -> Variants:
    for name, content in (
        ("setup.py", b"import os\nos.system('true')\n"), ("conftest.py", b"import os\nos.system('true')\n"),
        (".github/workflows/x.yml", b"on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n"),
        ("pyproject.toml", b'[build-system]\nrequires = []\nbuild-backend = "evil"\nbackend-path = ["."]\n'),
        ("chat_template.jinja", b"{% trans %}x{% endtrans %}"), ("install.sh", b"#!/bin/sh\ntrue\n"),
    ):  # fmt: skip
        yield name.replace("/", "-"), {"config.json": b"{}", name: content}
    html = {
        "output_type": "display_data",
        "data": {"text/html": ["<script>void 0</script>"]},
        "metadata": {},
    }
    yield one("notebook", notebook([html]), "use.ipynb")
    for name, action in (
        ("javascript", b"/S /JavaScript /JS (app.alert(1))"),
        ("launch", b"/S /Launch /F (true)"),
    ):
        page = (
            b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /OpenAction << " + action + b" >> >>\nendobj\n"
        )
        yield one(name, page + b"trailer << /Root 1 0 R >>\n%%EOF\n", "paper.pdf")
    custom = b'[{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}]'
    yield one("parts-of-its-own", custom, "modules.json")
    yield one("pipeline-of-its-own", b'{"_class_name": ["pipeline_x", "Pipe"]}', "model_index.json")
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    yield one("picture-of-a-file", svg.encode(), "x.svg")
    yield written("unknown-type", tokenizer(normalizer={"type": "Lua", "script": "x"}))
