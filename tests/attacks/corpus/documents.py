"""Cases 163 to 169: claims in documents that nothing bears out.

What the author's words claim is held against the results, results against the digests of what is
shipped, the claimed class of openness against the computed one.
"""

from __future__ import annotations

import json
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519

from paddock.release.spec.components import MOF_COMPONENTS as COMPONENTS
from paddock.signing.public_keys import public_pem
from tests.attacks.corpus.case import Expected, Family, Judge, Tree, Variants
from tests.attacks.corpus.release_trees import release
from tests.release.documents.described import SUMMARY, described_yaml

FAMILY = Family("document", Judge.RELEASE)
R, W = Expected.REJECT, Expected.WARN
STRICTER = "refused outright: this version does not do it, and says so"


def audited(name: str, value: float, **model: str) -> bytes:
    """A file of results; ``model`` says which weights were measured."""
    rows = [{"eval": name, "value": value, "n": 500, "share": True}]
    document = {"format": "paddock/audit-results/v1", "model": model, "results": rows}
    return json.dumps(document).encode()


def public_key() -> bytes:
    """A new person's public key."""
    return public_pem(ed25519.Ed25519PrivateKey.generate().public_key())


def asking(**sections: Any) -> Tree:
    return release(sections)


@FAMILY.case(163, "the card claims an evaluation that is not in the results", R)
def claimed() -> Variants:
    results = {"results.json": audited("mmlu", 0.7)}
    index = [{"name": "acme", "results": [{"task": {"type": "text-generation"},
              "dataset": {"name": "MMLU", "type": "mmlu"},
              "metrics": [{"type": "acc", "value": 0.9}]}]}]  # fmt: skip
    front = yaml.safe_dump({"license": "mit", "model-index": index})
    for name, text in (
        ("prose", "It reaches 75.3 on MMLU."),
        ("table", "| Model | MMLU | GSM8K |\n|---|---|---|\n| acme | 75.3 | 80.1 |"),
        ("front-matter", f"---\n{front}---\n\nA model."),
    ):
        yield name, release({}, {"README.md": f"{text}\n".encode()})
    kinder = release({"audit": {"results": ["results.json"]}}, results)
    yield "kinder", {**kinder, "README.md": b"MMLU: 90 %.\n"}
    entry = b"- {dataset: {id: cais/mmlu, task_id: default}, value: 0.9}\n"
    yield "file", release({}, {".eval_results/mmlu.yaml": entry})
    facts = b"evaluation.summary: It scores 99.9 % on HellaSwag.\n"
    yield "fact", release({"docs": {"facts": "facts.yaml"}}, {"facts.yaml": facts})


@FAMILY.case(164, "an evaluation of other bytes than those that are shipped", R)
def other_digest() -> Variants:
    sections = {"audit": {"results": ["results.json"]}}
    yield "digest", release(sections, {"results.json": audited("mmlu", 0.7, sha256="0" * 64)})


@FAMILY.case(165, "a placeholder that was left", R,
             "a README that is an unfilled template is not carried into the card")  # fmt: skip
def placeholder() -> Variants:
    yield "description", asking(metadata={"description": "[More Information Needed]"})
    yield "lower", asking(metadata={"description": "A model. more information needed."})
    yield "readme", release({}, {"README.md": b"# acme\n\nTODO: say what it is.\n"})
    facts = b"use: {direct: '[Insert the intended use]'}\n"
    yield "fact", release({"docs": {"facts": "facts.yaml"}}, {"facts.yaml": facts})
    card = b"Made by [your name], {{ model_summary | default('', true) }}\n"
    yield "card", release({"docs": {"model_card": "card.md"}}, {"card.md": card})


@FAMILY.case(166, "a better class of openness than the components show", R)
def openness() -> Variants:
    yield "nothing", asking(docs={"mof": {"claimed_class": 1}})
    everything = [{"name": name, "access": "open", "license": "CC0-1.0"} for name in COMPONENTS]
    gated = [{**row, "access": "gated"} if row["name"] == "Datasets" else row for row in everything]
    yield (
        "gated",
        asking(
            components=gated, access={"mechanism": "clickthrough"},
            metadata={"stage": "gated"}, docs={"mof": {"claimed_class": 1}},
        ),
    )  # fmt: skip
    closed = [{**row, "license": "LicenseRef-acme"} for row in everything]
    yield "terms", asking(components=closed, docs={"mof": {"claimed_class": 3}})


@FAMILY.case(167, "a summary of the training data that is older than six months", W)
def summary() -> Variants:
    metadata = {"date": "2026-11-20", "producer": {"name": "Acme", "contact": "x@acme.example"}}
    eu = {"gpai": False, "summary": "docs/summary.yaml", "union_market_date": "2026-12-01"}
    for name, updated in (("a-day", "2026-05-19"), ("years", "2023-01-31")):
        told = described_yaml({**SUMMARY, "updated": updated})
        docs = {"eu": eu, "html": False}
        yield name, release({"metadata": metadata, "docs": docs}, {"docs/summary.yaml": told})


@FAMILY.case(168, "both approvals by the same person", R)
def approvals() -> Variants:
    ada, bob = public_key(), public_key()
    two = {"author": "eve", "approvals": {"required": 2, "roles": ["safety", "legal"]}}
    both = {"person": "ada", "key": "people/ada.pem", "roles": ["safety", "legal"]}
    again = {"person": "ada@acme.example", "key": "people/same.pem", "roles": ["legal"]}
    yield "one-key", release(
        {"metadata": {"stage": "internal"}, "gate": {**two, "people": [both, again]}},
        {"people/ada.pem": ada, "people/same.pem": ada},
    )  # fmt: skip
    other = {"person": "bob", "key": "people/bob.pem", "roles": ["legal"]}
    yield "nobody-else", release(
        {"metadata": {"stage": "internal"}, "gate": {**two, "people": [both, other]}},
        {"people/ada.pem": ada, "people/bob.pem": bob},
    )  # fmt: skip
    yield "named-twice", asking(gate={**two, "people": [both, {**both, "roles": ["legal"]}]})


@FAMILY.case(169, "a gate waived without an end", R)
def waiver() -> Variants:
    endless = {"check": "licence.unknown", "reason": "none", "by": "cto"}
    yield "no-expiry", asking(gate={"waivers": [endless]})
    cto = {"person": "cto", "key": "people/cto.pem", "roles": ["lead"]}
    for name, expires in (("expired", "2026-01-31"), ("unsigned", "2999-01-31")):
        waived = {
            **endless,
            "check": "documents.placeholder:metadata.description",
            "expires": expires,
        }
        yield name, release(
            {"metadata": {"stage": "internal", "description": "[Insert what it is]"},
             "gate": {"people": [cto], "waivers": [waived]}},
            {"people/cto.pem": public_key()},
        )  # fmt: skip
