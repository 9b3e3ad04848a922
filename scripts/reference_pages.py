"""Write the pages that are lists of what the code knows: errors, settings, codes of scans.

    python scripts/reference_pages.py

A test writes them too and compares, so they are never out of step.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from pathlib import Path

import paddock
from paddock.checkpoint.scan.codes import CODES
from paddock.config import Settings, is_secret, meaning
from paddock.errors import PaddockError

DOCS = Path(__file__).parent.parent / "docs"
FOR_GPUS = {"triton"}  # comes with some builds of torch; what needs it defines no errors

ERRORS_HEAD = """# Every error, by its code

An answer over HTTP carries the sentence in `error` and `X-Error-Message`, the next step in `hint`;
under `/v1` it has [OpenAI's shape](openai-api.md). The command line prints both, and with `--json`
an object `{"error": {"code", "message", "hint"}}`.
`scripts/reference_pages.py` writes this page from the classes.

| code | HTTP | exit | meaning |
|---|---|---|---|
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


def main() -> None:
    (DOCS / "errors.md").write_text(errors_page(), encoding="utf-8")
    (DOCS / "scan-codes.md").write_text(scan_codes_page(), encoding="utf-8")
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
