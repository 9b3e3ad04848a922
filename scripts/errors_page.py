"""Write docs/errors.md from the error classes: their codes, statuses and first docstring lines."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
sys.path.insert(0, str(REPOSITORY))

from tests.docs.test_errors import every_error  # noqa: E402

HEAD = """# Every error, by its code

An answer over HTTP carries the sentence in `error` and `X-Error-Message`, the next step in `hint`;
the command line prints both, and with `--json` an object `{"error": {"code", "message", "hint"}}`.
`scripts/errors_page.py` writes this page; a test keeps it true.

| code | HTTP | exit | meaning |
|---|---|---|---|
"""


def main() -> None:
    rows = sorted(
        f"| `{e.code}` | {e.status} | {e.exit_code} | {(e.__doc__ or '').splitlines()[0]} |\n"
        for e in every_error()
    )
    (REPOSITORY / "docs" / "errors.md").write_text(HEAD + "".join(rows))


if __name__ == "__main__":
    main()
