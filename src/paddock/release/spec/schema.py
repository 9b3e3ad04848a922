"""The published JSON schema of release.yaml (draft 2020-12), out of the sections themselves.

Editors complete, explain and check with it. It says no more than the reader: what depends on two
keys at once, only the reader knows.
"""

from __future__ import annotations

import json
from typing import Any

from paddock.release.spec.release_spec import ReleaseSpec

SCHEMA_NAME = "release.schema.json"
# What yaml-language-server, and the editors that embed it, look for in the first line.
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_NAME}"


def release_schema() -> dict[str, Any]:
    """The schema as a value."""
    schema = ReleaseSpec.model_json_schema(by_alias=True, mode="validation")
    schema["required"] = ["apiVersion", "kind", "metadata"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:paddock:release:v1",
        **schema,
    }


def render_schema() -> str:
    """The schema as the file that is published."""
    return json.dumps(release_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
