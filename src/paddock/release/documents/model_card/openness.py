"""What is open, gated and withheld, with reasons and commitments; and the terms.

Pure. The class of openness is computed; nothing without a class is called open.
"""

from __future__ import annotations

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.model_card.told import section
from paddock.release.documents.mof.assessment import assess
from paddock.release.documents.mof.page import three_numbers
from paddock.release.documents.plain import bullets, in_code, in_line, table

OPENNESS_PATH = "documents/openness.md"


def components(content: DocumentContent) -> str:
    """The table of components, what is kept back of them, and the class."""
    found = assess(content.spec)
    rows = [
        (part.name, part.access.replace("_", " "), part.license or "",
         (part.reason or "").replace("_", " "), str(part.review_date or ""))
        for part in content.spec.components
    ]  # fmt: skip
    head = ("Component", "Access", "Licence", "Reason", "Review")
    declared = f"Declared by the producer.\n\n{table(head, rows)}" if rows else ""
    return section(
        "What is open, gated and withheld",
        [
            declared,
            _gate(content),
            _kept_back(content),
            f"Computed: {found.in_words}. See [openness]({OPENNESS_PATH}).",
            three_numbers(found),
        ],
    )


def _gate(content: DocumentContent) -> str:
    access = content.spec.access
    if access.is_private:
        return f"Stage: {access.stage}. Only people who are named may have it."
    if access.mechanism == "none":
        return ""
    return f"Access is gated: {access.mechanism}. A gate slows copying down; it does not stop it."


def _kept_back(content: DocumentContent) -> str:
    if not content.withheld.items:
        return ""
    rows = [
        (item.component, item.rule, item.replaced_how or item.replace,
         item.reason.replace("_", " "), str(item.review_date or ""), item.commitment or "none")
        for item in content.withheld.items
    ]  # fmt: skip
    head = ("Component", "Kept back", "In its place", "Reason", "Review", "Commitment")
    explained = (
        "A commitment is a SHA-256 over a secret salt and what is kept back: it gives nothing "
        "away, and lets the producer prove later what it was."
    )
    changes = [
        (change.key, _short(change.before), _short(change.after))
        for change in content.withheld.config_changes
    ]
    changed = table(("Configuration", "Before", "In this release"), changes) if changes else ""
    parts = ["### Kept back", explained, table(head, rows), changed]
    return "\n\n".join(part for part in parts if part)


def _short(value: object) -> str:
    return str(value)[:80]


def terms(content: DocumentContent) -> str:
    """Licences by kind of content, their texts, and what they ask for."""
    spec, files = content.spec, content.files
    lines = [
        f"- {title}: {in_line(value)}"
        for title, value in (
            ("Code", spec.licenses.code),
            ("Data", spec.licenses.data),
            ("Documents", spec.licenses.document),
        )
        if value
    ]
    for role, title in (("license", "Licence text"), ("notice", "Notices")):
        paths = [link(file.path) for file in files if file.role == role]
        lines += [f"- {title}: {', '.join(paths)}"] if paths else []
    if policy := spec.licenses.acceptable_use_file:
        lines.append(f"- Acceptable use: {link(policy)}")
    declared = "*Declared.*" if lines else ""
    return section("Terms", ["\n".join(lines), declared, _duties(content), _grants(content)])


def _duties(content: DocumentContent) -> str:
    rows = [
        (duty.kind.replace("_", " "), duty.licence, duty.section, duty.text or duty.quote)
        for duty in content.judgement.duties
    ]
    if not rows:
        return ""
    return "### What the licences ask for\n\n" + table(
        ("Duty", "Licence", "Section", "Words"), list(dict.fromkeys(rows))
    )


def _grants(content: DocumentContent) -> str:
    words = {True: "allowed", False: "not allowed"}
    said = [
        f"{grant.name.replace('_', ' ')}: {words[grant.value]}"
        + (f" ({grant.licence} {grant.section or ''})".replace(" )", ")") if grant.licence else "")
        for grant in content.judgement.grants
        if grant.value is not None
    ]
    if not said:
        return ""
    return "### What they allow, taken together\n\n" + bullets(said)


def link(path: str) -> str:
    """A file of the release as a link; a name that could end the link is only shown."""
    if any(character in path for character in "()<>[]\\`\n ") or ":" in path:
        return in_code(path)
    return f"[{in_line(path)}]({path})"
