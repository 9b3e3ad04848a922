"""Files of evaluation results, read: strictly, bounded, of whichever of the three kinds they are.

Raises BadResults for anything else; every result carries its file and the file's digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object, read_small
from paddock.digest import sha256_hex
from paddock.release.results.audit_format import FORMAT, parse_audit_results
from paddock.release.results.eval_results import parse_eval_results
from paddock.release.results.lm_eval import is_lm_eval, parse_lm_eval
from paddock.release.results.result import MAX_RESULTS, BadResults, Result

MAX_RESULTS_BYTES = 16 << 20


def read_results(paths: Iterable[Path] | Mapping[str, Path]) -> tuple[Result, ...]:
    """All results in the files, in order; a mapping gives the names by which they are told."""
    named = paths if isinstance(paths, Mapping) else {path.name: path for path in sorted(paths)}
    found: list[Result] = []
    for name, path in named.items():
        try:
            raw = read_small(path, BadCheckpoint, MAX_RESULTS_BYTES)
        except BadCheckpoint as e:
            raise BadResults(e.message) from e
        found += parse_results(raw, name)
        if len(found) > MAX_RESULTS:
            raise BadResults(f"{name}: more than {MAX_RESULTS} results in all")
    return tuple(found)


def parse_results(raw: bytes, name: str) -> tuple[Result, ...]:
    """The results in the bytes of one file; its name's ending says JSON or YAML."""
    if name.endswith((".yaml", ".yml")):
        results = parse_eval_results(raw, name)
    elif name.endswith(".json"):
        results = _json_results(raw, name)
    else:
        raise BadResults(f"{name}: results are .json or .yaml")
    digest = sha256_hex(raw)
    return tuple(replace(result, path=name, sha256=digest) for result in results)


def _json_results(raw: bytes, name: str) -> tuple[Result, ...]:
    try:
        document = parse_object(raw, name, BadCheckpoint)
    except BadCheckpoint as e:
        raise BadResults(e.message) from e
    if "format" not in document and is_lm_eval(document):
        return parse_lm_eval(document, name)
    if document.get("format") != FORMAT:
        raise BadResults(
            f"{name}: neither {FORMAT} nor results of lm-evaluation-harness",
            hint=f'a file of results begins with {{"format": "{FORMAT}"',
        )
    return parse_audit_results(document, name)
