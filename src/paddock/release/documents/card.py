"""The model card: front matter for the Hub and a page for people, from facts alone.

Pure: values to Markdown. Every value in the table says whether it was measured, declared, inherited
or is unknown; a sentence that nobody declared or measured is not written. The author's own text, if
the source has one, is carried below a line that says whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from paddock.release.facts import Fact, declared
from paddock.release.files.manifest import SIGNATURE_NAME, ReleaseFile
from paddock.release.licences.card_licence import card_licence
from paddock.release.spec.access import Access
from paddock.release.spec.release_spec import ReleaseSpec


@dataclass(frozen=True, slots=True)
class CardContent:
    """All that the card says."""

    spec: ReleaseSpec
    facts: Sequence[Fact]
    files: Sequence[ReleaseFile]
    repo: str | None  # namespace/name, when it is known where the release goes
    authors_text: str | None
    is_chat: bool


def render_card(content: CardContent) -> bytes:
    """README.md."""
    parts = [
        _front_matter(content),
        _opening(content),
        _table(("Fact", "Value", "How we know"), _fact_rows(content)),
        _terms(content),
        _components(content),
        _use(content),
        _check(content),
        _files(content),
    ]
    if content.authors_text:
        parts.append("## From the author\n\n*Declared, not measured.*\n\n" + content.authors_text)
    return ("\n\n".join(part.strip("\n") for part in parts if part) + "\n").encode()


def _front_matter(content: CardContent) -> str:
    spec = content.spec
    licence = card_licence(spec.licenses.distribution)
    front: dict[str, Any] = {"license": licence.license}
    license_file = next((f.path for f in content.files if f.role == "license"), None)
    if licence.license_name is not None:
        front["license_name"] = licence.license_name
    if licence.license == "other" and license_file is not None:
        front["license_link"] = license_file
    front["library_name"] = spec.metadata.library_name
    front["pipeline_tag"] = spec.metadata.pipeline_tag
    if spec.metadata.languages:
        front["language"] = list(spec.metadata.languages)
    if spec.lineage.base_model:
        front["base_model"] = [parent.id for parent in spec.lineage.base_model]
        if relation := spec.lineage.base_model[0].relation:
            front["base_model_relation"] = relation
    front["tags"] = list(dict.fromkeys([*spec.metadata.tags, "llama", "paddock"]))
    front |= _gating(spec.access)
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---"


def _gating(access: Access) -> dict[str, Any]:
    gating: dict[str, Any] = dict(access.texts)
    if access.fields:
        gating["extra_gated_fields"] = {
            label: {"type": question.kind, "options": list(question.options)}
            if question.options
            else question.kind
            for label, question in access.fields
        }
    return gating


def _opening(content: CardContent) -> str:
    metadata = content.spec.metadata
    text = f"# {metadata.name}\n\nVersion {metadata.version}."
    return f"{text}\n\n{metadata.description.strip()}" if metadata.description else text


def _fact_rows(content: CardContent) -> list[tuple[str, str, str]]:
    metadata, lineage = content.spec.metadata, content.spec.lineage
    producer = metadata.producer
    facts = [
        *content.facts,
        declared("Producer", producer.name if producer else None),
        declared("Contact", producer.contact if producer else None),
        declared("Security contact", producer.security if producer else None),
        declared("Date", str(metadata.date) if metadata.date else None),
        declared("Treatment", metadata.treatment),
        declared("Supersedes", metadata.supersedes) if metadata.supersedes else None,
        declared("Licence", _known_license(content.spec)),
        declared("Base model", ", ".join(parent.id for parent in lineage.base_model)),
        *(
            declared(title, ", ".join(parent.id for parent in parents))
            for title, parents in (
                ("Distilled from", lineage.distilled_from),
                ("Trained on outputs of", lineage.trained_on_outputs_of),
            )
            if parents
        ),
    ]
    return [(fact.name, _cell(fact.text), fact.source) for fact in facts if fact is not None]


def _known_license(spec: ReleaseSpec) -> str | None:
    text = spec.licenses.distribution
    return None if card_licence(text).license == "unknown" else text


def _terms(content: CardContent) -> str:
    licenses, lines = content.spec.licenses, []
    for title, terms in (
        ("Code", licenses.code),
        ("Data", licenses.data),
        ("Documents", licenses.document),
    ):
        if terms:
            lines.append(f"- {title}: {terms}")
    for role, title in (("license", "Licence text"), ("notice", "Notices")):
        paths = [file.path for file in content.files if file.role == role]
        if paths:
            lines.append(f"- {title}: " + ", ".join(f"[{path}]({path})" for path in paths))
    if licenses.acceptable_use_file:
        policy = licenses.acceptable_use_file
        lines.append(f"- Acceptable use: [{policy}]({policy})")
    return "## Terms\n\n" + "\n".join(lines) if lines else ""


def _components(content: CardContent) -> str:
    rows = [
        (part.name, part.access.replace("_", " "), part.license or "", part.reason or "")
        for part in content.spec.components
    ]
    if not rows:
        return ""
    table = _table(("Component", "Access", "Licence", "Reason"), rows)
    return f"## What is open\n\nDeclared by the producer.\n\n{table}"


def _use(content: CardContent) -> str:
    name = content.repo or f"./{content.spec.metadata.name}"
    version = content.spec.metadata.version
    revision = f', revision="{version}"' if content.repo else ""
    code = [
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        f'tokenizer = AutoTokenizer.from_pretrained("{name}"{revision})',
        f'model = AutoModelForCausalLM.from_pretrained("{name}"{revision})',
    ]
    if content.is_chat:
        code += [
            'messages = [{"role": "user", "content": "Hello!"}]',
            "inputs = tokenizer.apply_chat_template(",
            '    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True',
            ")",
        ]
    else:
        code.append('inputs = tokenizer("Once upon a time", return_tensors="pt")')
    code += [
        "output = model.generate(**inputs, max_new_tokens=100)",
        "print(tokenizer.decode(output[0], skip_special_tokens=True))",
    ]
    return "## Use\n\n```python\n" + "\n".join(code) + "\n```"


def _check(content: CardContent) -> str:
    what = f"{content.repo}@{content.spec.metadata.version}" if content.repo else "."
    return (
        "## Check that this is what was released\n\n"
        f"Every file is signed (OpenSSF Model Signing, `{SIGNATURE_NAME}`). Take the producer's\n"
        "public key from a place that you trust, not from this page, then:\n\n"
        f"```\npaddock verify {what} --trust KEY.pub.pem\n```\n\n"
        "or, in the downloaded folder, with the stock `model-signing` package:\n\n"
        f"```\nmodel_signing verify key . --signature {SIGNATURE_NAME} "
        "--public_key KEY.pub.pem\n```"
    )


def _files(content: CardContent) -> str:
    rows = [(f"`{file.path}`", str(file.size_bytes), f"`{file.sha256}`") for file in content.files]
    table = _table(("File", "Bytes", "SHA-256"), rows)
    return f"## Files\n\nMeasured. `release.json` lists BLAKE3 as well.\n\n{table}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(text: str) -> str:
    """One line that cannot end its table cell."""
    return " ".join(text.split()).replace("|", "\\|")
