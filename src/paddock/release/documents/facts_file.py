"""documents/facts.json: every fact of the release for programs, and what release.json says of them.

Canonical JSON (RFC 8785). The next release reads it in this one's manifest to tell what changed.
"""

from __future__ import annotations

from typing import Any

import rfc8785

from paddock.release.documents.changes.earlier import result_rows
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.evaluations.belonging import sort_results
from paddock.release.documents.fact_rows import fact_rows

FACTS_PATH = "documents/facts.json"
FORMAT = "paddock/facts/v1"


def render_facts(content: DocumentContent) -> bytes:
    """The file."""
    return rfc8785.dumps(
        {"format": FORMAT, "name": content.name, "version": content.version, **told(content)}
    )


def told(content: DocumentContent) -> dict[str, Any]:
    """``facts`` and ``results``, as release.json has them too."""
    own = sort_results(content.results, content.spec, content.files).own
    return {"facts": fact_rows(content.facts), "results": result_rows(own)}
