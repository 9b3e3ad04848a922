"""Write the pages that are lists of what the code knows: errors, settings, codes of scans, access.

    python scripts/reference_pages.py

A test writes them too and compares, so they are never out of step.
"""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paddock
from paddock.checkpoint.scan.codes import CODES
from paddock.config import Settings, is_secret, meaning
from paddock.errors import PaddockError
from paddock.hub import access_table
from paddock.release.documents.answers import ANSWER_FILES
from paddock.release.spec.schema import SCHEMA_NAME, release_schema, render_schema

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS.parent))
from tests.web.access_routes import (  # noqa: E402
    OF_SPACES,
    OF_WEIGHTS,
    RIGHT_OF,
    STAGES_OF_SPACES,
)

FOR_GPUS = {"triton"}  # comes with some builds of torch; what needs it defines no errors

ERRORS_HEAD = """# Every error, by its code

An answer over HTTP carries the sentence in `error` and `X-Error-Message`, the next step in `hint`;
under `/v1` it has [OpenAI's shape](openai-api.md). The command line prints both, and with `--json`
an object `{"error": {"code", "message", "hint"}}`.
`scripts/reference_pages.py` writes this page from the classes.

| code | HTTP | exit | meaning |
|---|---|---|---|
"""

ANSWERS_HEAD = """# Files of answers, key by key

What only people can say, in YAML files that `docs` of [release.yaml](release-yaml.md) names.
Unknown keys are errors with line and hint; a list of one may be written without brackets. Which
answers are needed, and for whom: [regulators.md](regulators.md), [bom.md](bom.md).
`scripts/reference_pages.py` writes this page from the code that reads the files.
"""

SETTINGS_HEAD = """# Every setting

A setting stands in `paddock.toml` in the working folder (or the file that `PADDOCK_CONFIG` names)
under its name, or in the environment as `PADDOCK_` and the name in capitals; a flag wins over the
environment, the environment over the file. An unknown name is an error, with the nearest right one.
The variables `HF_ENDPOINT` and `HF_TOKEN` of the stock client are understood. See what is in force,
and where each value came from:

```console
$ paddock config
```

`scripts/reference_pages.py` writes this page from the table in `config.py`.

| setting | default | meaning |
|---|---|---|
"""

SCAN_CODES_HEAD = """# Every reason of a scan, by its code

`paddock scan` and the hub give each reason with its code and place. One `reject` is enough for the
verdict `reject`, else one `quarantine` for `quarantine`; with warnings alone it is `clean`.
`scripts/reference_pages.py` writes this page from the table in `checkpoint/scan/codes/`.

| code | level | meaning | what to do |
|---|---|---|---|
"""

MANY = ", one or several"
ACCESS_HEAD = """# Who may do what

What somebody may do with a repository depends on how they stand with it and on its stage. **yes**
is allowed; 401 asks to sign in, 403 says that one may not, 404 that there is no such repository:
what somebody may not see does not exist for them, under its old names too. A page sends whom the
API answers with 401 to the page for signing in. A token of role `read` and a fine-grained token
allow less than their user may ([tokens](tokens-and-oauth.md)), never more; a repository in a
resource group is for the group's members, with their role in the group ([people](people.md)).

Who stands in several ways may do what one of them may. A repository can be at several stages at
once: private with a gate, or gated with a release that was revoked. Then what one of them refuses
is refused. Files that a scan rejected go to those who may write alone, whatever the table says.

**One question, asked everywhere.** Files, git, LFS, Xet, signed addresses, pages, the API and the
models that the hub runs ask the same function (`hub/access.py`), which looks here for its answer
and remembers none: who was let in until noon is refused the next request after noon, by any way.
An answer that is on its way then is sent to its end; the next range of the same file is not.

**Invitations.** At the stage `invited` a repository is private, and whoever was let in sees and
reads it: a user by name, or an organization, which lets in each of its members for as long as they
are one (not those who are in it for groups alone). A user whom the owners rejected stays out,
whatever their organization was granted. Owners invite under Access, and by
`POST …/user-access-request/grant` with the name of either as `user`; an end is `expiresAt`, moved
by `…/renew`. Who was let in while it was gated is let in at this stage too; at the stage `private`
nobody is. To everybody else it is a repository that does not exist.

**Clocks.** What ends, ends by the hub's clock, which no client sets. A clock that jumps ahead ends
what it passes, and one that is put back brings it to life again until it has caught up; decisions
that people made (let in, rejected, taken back) and stages that began are kept as they were made,
and no clock undoes them: a stage that another took the place of is not applied again.

`scripts/reference_pages.py` writes this page from `hub/access_table.py`, and a test takes every
route of the server that names a repository and asks it as everybody at every stage:
"""

RELEASE_YAML_HEAD = f"""# release.yaml, key by key

What a [release](releases.md) is to be. `paddock release init PATH` writes one for a checkpoint,
with comments; only `apiVersion`, `kind`, `metadata.name` and `metadata.version` are needed. Unknown
keys are errors. A list of one may be written without brackets. Paths and patterns stay inside the
folder of the file: `*` stays within a folder, `**` crosses folders, a trailing `/` means everything
below.

Editors complete and check it with [its JSON schema]({SCHEMA_NAME}), which `paddock release schema`
prints: the first line of a file that `init` wrote names it. `scripts/reference_pages.py` writes
this page and the schema from the code that reads the file.

"""


def every_error() -> list[type[PaddockError]]:
    """Every class of the family, in whichever room."""
    for module in pkgutil.walk_packages(paddock.__path__, "paddock."):
        is_code = not module.name.endswith(("__main__", ".libpaddock", ".libpaddock_step"))
        if is_code and ".migrations" not in module.name:
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as e:
                if e.name not in FOR_GPUS:
                    raise
    found, queue = [], [PaddockError]
    while queue:
        error = queue.pop()
        found.append(error)
        queue += error.__subclasses__()
    return [error for error in found if error.__module__.startswith("paddock.")]


def errors_page() -> str:
    rows = []
    for error in every_error():
        meaning_of_it = (error.__doc__ or "").strip().split("\n")[0]
        rows.append(f"| `{error.code}` | {error.status} | {error.exit_code} | {meaning_of_it} |\n")
    return ERRORS_HEAD + "".join(sorted(rows))


def settings_page() -> str:
    rows = [
        f"| `{row.name}` | {f'`{row.default}`' if row.default is not None else ''} "
        f"| {meaning(row.name)}{' (secret: never printed)' if is_secret(row.name) else ''} |\n"
        for row in dataclasses.fields(Settings)
    ]
    return SETTINGS_HEAD + "".join(rows)


def scan_codes_page() -> str:
    rows = [
        f"| `{name}` | {code.level} | {code.meaning} | {code.advice} |\n"
        for name, code in sorted(CODES.items(), key=lambda item: (item[1].level.rank, item[0]))
    ]
    return SCAN_CODES_HEAD + "".join(rows)


def access_page() -> str:
    """The words of the table of access, and the table, one part a right."""
    asked = len(RIGHT_OF) + len(OF_WEIGHTS)
    who, stages = len(access_table.Who), len(access_table.Stage)
    answers = who * (asked * stages - len(OF_SPACES) * (stages - len(STAGES_OF_SPACES)))
    parts = [
        f"{ACCESS_HEAD}{asked} questions × {who} people × {stages} stages ({len(STAGES_OF_SPACES)} "
        f"of spaces), {answers:,} answers. A route that is not in its list fails it.\n"
    ]
    for title, meanings in (("Who", access_table.WHO), ("Stages", access_table.STAGES)):
        rows = "".join(f"| {name} | {about} |\n" for name, about in meanings.items())
        parts.append(f"## {title}\n| | |\n|---|---|\n{rows}")
    for right, about in access_table.RIGHTS.items():
        head = "".join(f" {who} |" for who in access_table.Who)
        rows = "".join(_access_rows(right))
        rule = "|---|" + "---|" * len(access_table.Who)
        parts.append(
            f"## {right.capitalize()}\n{about[0].upper()}{about[1:]}.\n\n| |{head}\n{rule}\n{rows}"
        )
    return "\n".join(parts)


def _access_rows(right: access_table.Right) -> Iterator[str]:
    """Stages that follow each other with the same answers in one row."""
    rows = (row for row in access_table.ROWS if row.right is right)
    for outcomes, some in itertools.groupby(rows, key=lambda row: row.outcomes):
        stages = ", ".join(row.stage for row in some)
        yield f"| {stages} |" + "".join(f" {cell} |" for cell in outcomes.values()) + "\n"


def release_yaml_page() -> str:
    """Every section and key of release.yaml, in the file's order, out of its JSON schema."""
    schema = release_schema()
    return RELEASE_YAML_HEAD + "\n".join(_section("", schema, schema["$defs"]))


def answers_page() -> str:
    """Every key of every file of answers, out of the sections that read them."""
    pages = [ANSWERS_HEAD]
    for setting, section in ANSWER_FILES.items():
        schema = section.model_json_schema(by_alias=True)
        tables = _section("", schema, schema.get("$defs", {}))
        tables[0] = tables[0].replace(
            "## The file", f"## `{setting}`\n{schema['description']}\n", 1
        )
        pages.append("\n".join([tables[0], *(f"#{table}" for table in tables[1:])]))
    return "\n".join(pages)


def _section(path: str, section: dict[str, Any], defined: dict[str, Any]) -> list[str]:
    """A section's table, followed by those of the sections in it."""
    about = f"{section.get('description', '')}\n\n" if path else ""
    rows = "".join(_key_row(key, value, defined) for key, value in section["properties"].items())
    head = "| key | what it takes | meaning |\n|---|---|---|\n"
    tables = [f"## {f'`{path}`' if path else 'The file'}\n{about}{head}{rows}"]
    for key, value in section["properties"].items():
        for inner in (defined[name] for name in _definitions(value)):
            word = next((w for w in ("do", "to") if "const" in inner["properties"].get(w, {})), "")
            which = f": {word} {inner['properties'][word]['const']}" if word else ""
            tables += _section(f"{path}.{key}{which}".lstrip("."), inner, defined)
    return tables


def _definitions(value: object) -> list[str]:
    """The names of the sections that a key may hold."""
    if isinstance(value, list):
        return [name for item in value for name in _definitions(item)]
    if not isinstance(value, dict):
        return []
    found = [value["$ref"].rpartition("/")[2]] if "$ref" in value else []
    for key in ("anyOf", "oneOf", "items", "additionalProperties"):
        found += _definitions(value.get(key))
    return list(dict.fromkeys(found))


def _key_row(key: str, value: dict[str, Any], defined: dict[str, Any]) -> str:
    inside = [defined[name].get("description", "") for name in _definitions(value)]
    meaning_of_it = value.get("description") or (inside[0] if len(inside) == 1 else "")
    return f"| `{key}` | {' or '.join(_takes(value))} | {meaning_of_it} |\n"


_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "object": "names and values",
}  # fmt: skip
_FORMATS = {"date": "a date", "date-time": "a time with its zone"}


def _takes(value: dict[str, Any]) -> list[str]:
    """What may stand there, in words."""
    if "const" in value or "enum" in value:
        words = value.get("enum", [value.get("const")])
        return [
            ", ".join(f"`{word if isinstance(word, str) else json.dumps(word)}`" for word in words)
        ]
    if "$ref" in value:
        return ["a section"]
    if alternatives := value.get("anyOf") or value.get("oneOf"):
        every = [
            word for each in alternatives if each.get("type") != "null" for word in _takes(each)
        ]
        alone = {word.removesuffix(MANY) for word in every if word.endswith(MANY)}
        return list(dict.fromkeys(word for word in every if word not in alone))
    if value.get("type") == "array":
        return [f"{word}{MANY}" for word in _takes(value.get("items", {}))]
    return [_FORMATS.get(value.get("format", ""), _TYPES.get(value.get("type", ""), "text"))]


def main() -> None:
    (DOCS / "release-yaml.md").write_text(release_yaml_page(), encoding="utf-8")
    (DOCS / "answers.md").write_text(answers_page(), encoding="utf-8")
    (DOCS / SCHEMA_NAME).write_text(render_schema(), encoding="utf-8")
    (DOCS / "access.md").write_text(access_page(), encoding="utf-8")
    (DOCS / "errors.md").write_text(errors_page(), encoding="utf-8")
    (DOCS / "scan-codes.md").write_text(scan_codes_page(), encoding="utf-8")
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
