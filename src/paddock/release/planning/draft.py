"""A whole release.yaml for a checkpoint, to be filled in: what was found, and what may be said.

Pure: what was found in, text out. What is known stands there as a value; what only the author knows
is a comment beside its key, so that the file is right as it is written and says what it could say.
"""

from __future__ import annotations

from typing import Any

import yaml

from paddock.release.files.formats import role_of
from paddock.release.planning.assume import assume_release
from paddock.release.planning.source import Source
from paddock.release.spec.components import CARD, MOF_COMPONENTS, PARAMETERS
from paddock.release.spec.schema import SCHEMA_LINE

_HEAD = f"""{SCHEMA_LINE}
# A release of this checkpoint, as `paddock release init` found it. Every key is explained in
# docs/release-yaml.md; what stands behind a # is an example. See what it would do, and what is
# missing:
#   paddock release plan release.yaml
apiVersion: paddock/v1
kind: ModelRelease
"""

_METADATA = """\
  # description: What it is, in a sentence or two.
  # producer: {name: Acme AI Ltd, contact: release@acme.example, security: security@acme.example}
  # date: 2026-11-20
  # supersedes: 0.9.0
  # stage: gated              # internal, trusted (both private), invited, gated, open
  type: language
  architecture: transformer decoder
  # treatment: chat fine-tuned
"""

_LINEAGE = """
lineage:                      # what it was made from; the licences of parents hold here, too
"""

_LICENSES = """\
  # code: Apache-2.0
  # data: CDLA-Permissive-2.0
  # document: CC-BY-4.0
  # acceptable_use: {file: USE_POLICY.md}
  # declarations: {mau_over_700m: false, eu_domiciled: true, signed_by: alan@acme.example}
"""

_COMPONENTS = """
components:                   # open, gated, withheld (with a reason) or not_produced
"""

_WITHHOLD = """\
  # Parts of the weights can be kept back while the rest is released:
  # - name: Model parameters (Final)
  #   access: open
  #   path: ["*.safetensors"]
  #   withhold:
  #     - {layers: 10-11, reason: safety, replace: zero, review_date: 2027-05-01}
"""

_ARTIFACTS = """\
  # outputs:
  #   - {id: full, format: safetensors, shard_size: 5GB}
  #   - {id: small, format: gguf, quant: q4_k_m, max_kl: 0.1}
  forbid: [pickle, python, executables]
"""

_REST = """
# access:                     # how a reader of a gated model gets in
#   mechanism: manual         # none, clickthrough, registration, manual
#   extra_gated_prompt: Say who you are and what for.
#   extra_gated_fields: {Company: text, Purpose: {type: select, options: [Research, Product]}}

# audit:                      # results, and what they must be: the whole interval counts
#   results: [audit/*.json]
#   safety: [{eval: refusal_suite, min: 0.95}]

# docs:
#   eu: {gpai: false}
#   mof: {claimed_class: 0}   # must be the class that is computed

# gate:
#   author: ada@acme.example
#   people:
#     - {person: grace@acme.example, key: keys/grace.pub.pem, roles: [safety]}
#     - {person: alan@acme.example, key: keys/alan.pub.pem, roles: [legal]}
#   approvals: {required: 2, roles: [safety, legal], not_author: true}
#   cooloff_hours: 48

# sign:                       # without it, your own key signs
#   oms: {key: keys/release.pem}
#   dsse: {keys: [keys/one.pem, keys/two.pem], threshold: 2}

# publish:
#   - {to: hub, repo: acme/model}
#   - {to: folder, path: out}

# lifecycle: {support_until: 2027-11-20, incident_sla_hours: 72}
"""


def draft_release(source: Source, name: str, source_path: str) -> bytes:
    """The file, for the source at ``source_path`` (relative to where the file will be)."""
    known: dict[str, Any] = yaml.safe_load(assume_release(source, name, None).content)
    lineage = known.get("lineage", {}).get("base_model", [])
    parents = _yaml({"base_model": lineage}) if lineage else _NO_PARENT
    return (
        _HEAD
        + "metadata:\n"
        + _yaml(known["metadata"])
        + _METADATA
        + _LINEAGE
        + parents
        + "\nlicenses:\n"
        + _yaml(known["licenses"])
        + _LICENSES
        + _COMPONENTS
        + "".join(_component(row, source) for row in MOF_COMPONENTS)
        + _WITHHOLD
        + "\nartifacts:\n"
        + _yaml({"source": {"path": source_path}})
        + _ARTIFACTS
        + _REST
    ).encode()


_NO_PARENT = """\
  # base_model: [{id: meta-llama/Llama-3.1-8B, relation: finetune}]
  base_model: []
"""


def _component(name: str, source: Source) -> str:
    """One row: open where its files were found."""
    paths = _paths(name, source)
    if not paths:
        return f"  - {{name: {name}, access: not_produced}}\n"
    shown = yaml.safe_dump(paths, default_flow_style=True, width=1000).strip()
    return f"  - {{name: {name}, access: open, path: {shown}}}\n"


def _paths(name: str, source: Source) -> list[str]:
    files = sorted(source.listing.files)
    weights = [path for path in files if role_of(path) == "weights"]
    match name:
        case "Model architecture":
            return ["config.json"] if {"config.json"} & {*files, *source.model.produced} else []
        case _ if name == PARAMETERS:
            return ["*.safetensors"] if weights or source.model.is_converted else []
        case _ if name == CARD:
            return ["README.md"]
        case "Evaluation results":
            return [".eval_results/"] if any(p.startswith(".eval_results/") for p in files) else []
    return []


def _yaml(values: dict[str, Any]) -> str:
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000)
    return "".join(f"  {line}\n" for line in text.splitlines())
