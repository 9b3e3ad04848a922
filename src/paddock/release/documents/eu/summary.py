"""The public summary of training content, in the layout that is mandatory for it.

Template of the AI Office under Article 53(1)(d), C(2025) 5235 of 24 July 2025, re-issued as
C(2025) 8311 of 5 December 2025. It is updated at least every six months, so one that was older than
that on the day of the release is a warning.
"""

from __future__ import annotations

import datetime

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.eu.bands import UNITS, size_band, size_bands
from paddock.release.documents.form import Form, Part, Row, judge_form, render_parts, title_of
from paddock.release.evidence import Check, Evidence
from paddock.release.facts import Facts, Value, declared

MONTHS_BETWEEN_UPDATES = 6
SETTING = "docs.eu.summary"
KEY = "eu.summary"


def _row(title: str, answer: str, *, optional: bool = False, when: str = "") -> Row:
    asked = f"{KEY}.{when}" if when else ""
    return Row(title, (f"{KEY}.{answer}",), answer, optional=optional, when=asked)


def _used(answer: str, *rows: Row) -> tuple[Row, ...]:
    return (_row("Used", f"{answer}.used"), *rows)


def _inside(answer: str, title: str, name: str, *, optional: bool = False) -> Row:
    return _row(title, f"{answer}.{name}", optional=optional, when=f"{answer}.used")


_HEADER = (
    _row("Version", "version"),
    _row("Last update", "updated"),
    _row("Earlier versions", "earlier", optional=True),
)
_PROVIDER = (
    Row("Provider", ("producer.name",), where="metadata.producer.name in release.yaml"),
    Row("Contact", ("producer.contact",), where="metadata.producer.contact in release.yaml"),
    Row(
        "Authorised representative in the Union",
        ("producer.eu_representative",),
        where="metadata.producer.eu_representative in release.yaml",
        optional=True,
    ),
)
_MODEL = (
    Row("Versioned names", (f"{KEY}.models", "eu.model_name"), "models"),
    Row("Models it depends on", (f"{KEY}.dependencies", "eu.dependencies"), "dependencies",
        optional=True),
    Row("Dates on the Union's market", (f"{KEY}.market_dates", "eu.market_date"), "market_dates"),
)  # fmt: skip
_CHARACTERISTICS = (
    Row("Modalities, size and types of content", (f"{KEY}.sizes",), "modalities",
        into=f"{KEY}.modalities"),
    _row("Latest date of collection", "latest_collection"),
    _row("Trained on continuously", "continuous"),
    _row("Linguistic characteristics", "languages"),
    _row("Other characteristics", "characteristics", optional=True),
    _row("Comments", "comments", optional=True),
)  # fmt: skip
_PUBLIC = _used(
    "public",
    _inside("public", "Modalities", "modalities"),
    _inside("public", "Large data sets", "large"),
    _inside("public", "Others, in general", "rest", optional=True),
)
_LICENSED = _used("licensed", _inside("licensed", "Modalities", "modalities"))
_PRIVATE = _used(
    "private",
    _inside("private", "Modalities", "modalities"),
    _inside("private", "Publicly known names", "names", optional=True),
    _inside("private", "Description", "description"),
)
_CRAWLED = _used(
    "crawled",
    _inside("crawled", "Crawlers", "crawlers"),
    _inside("crawled", "Purposes", "purposes"),
    _inside("crawled", "Behaviour", "behaviour"),
    _inside("crawled", "Collection began", "began"),
    _inside("crawled", "Collection ended", "ended"),
    _inside("crawled", "Kinds of content and sources", "content"),
    _inside("crawled", "Modalities", "modalities"),
    Row("Top domains by volume", (f"{KEY}.crawled.domains", f"{KEY}.crawled.domains_file"),
        "crawled.domains", when=f"{KEY}.crawled.used"),
    _inside("crawled", "File of top domains", "domains_file", optional=True),
    _inside("crawled", "Listed as a small or medium-sized enterprise", "small_provider"),
)  # fmt: skip
_USERS = (
    _row("From interactions with the model", "users.interactions"),
    _row("From other services of the provider", "users.services"),
    _row("Which services", "users.which", when="users.services"),
    _row("Modalities", "users.modalities", when="users.any"),
)
_SYNTHETIC = _used(
    "synthetic",
    _inside("synthetic", "Modalities", "modalities"),
    _inside("synthetic", "General-purpose models that made it", "generators", optional=True),
    _inside("synthetic", "Other models that made it", "other_generators", optional=True),
)
_OTHER = _used("other_sources", _inside("other_sources", "Description", "narrative"))
_PROCESSING = (
    _row("Signatory of the Code of Practice", "opt_out.code_of_practice"),
    _row("Measures to respect reservations of rights", "opt_out.measures"),
)

TRAINING_SUMMARY = Form(
    KEY,
    "the summary of training content",
    (
        Part("About this summary", _HEADER),
        Part("1. General information", ()),
        Part("1.1 Provider", _PROVIDER, 3),
        Part("1.2 Model", _MODEL, 3),
        Part("1.3 Modalities, size and characteristics of the training data", _CHARACTERISTICS, 3),
        Part("2. Sources of data", ()),
        Part("2.1 Publicly available data sets", _PUBLIC, 3),
        Part("2.2.1 Data sets under commercial licences", _LICENSED, 3),
        Part("2.2.2 Other private data sets of third parties", _PRIVATE, 3),
        Part("2.3 Data crawled and scraped from online sources", _CRAWLED, 3),
        Part("2.4 User data", _USERS, 3),
        Part("2.5 Synthetic data", _SYNTHETIC, 3),
        Part("2.6 Other sources", _OTHER, 3),
        Part("3. Data processing", ()),
        Part("3.1 Respect of reservations from text and data mining", _PROCESSING, 3),
        Part("3.2 Removal of illegal content", (_row("Measures", "illegal_content"),), 3),
        Part("3.3 Other information", (_row("Other", "other", optional=True),), 3),
    ),
)


def summary_facts(facts: Facts) -> Facts:
    """The facts with what follows from them: bands of sizes, and whether users' data count."""
    modalities = facts[f"{KEY}.modalities"]
    rows: list[Value] = []
    for item in modalities.value if isinstance(modalities.value, list) else []:
        band = _band_of(item, facts) or item.get("band")
        shown = {"modality": item["modality"], "size": band, "content": item["content"]}
        if band is not None:
            rows.append(shown)
    of_users = [facts.value(f"{KEY}.users.{name}") for name in ("interactions", "services")]
    return facts | (
        declared("Sizes", rows, f"{KEY}.sizes", modalities.by),
        declared("Users' data", any(of_users), f"{KEY}.users.any"),
    )


def judge_summary(content: DocumentContent) -> list[Check]:
    """What the summary still needs, bands that disagree with numbers, and its age."""
    eu = content.spec.docs.eu
    file = eu.summary if eu else None
    facts = summary_facts(content.facts)
    checks = judge_form(TRAINING_SUMMARY, facts, file, SETTING)
    modalities = facts.value(f"{KEY}.modalities")
    for item in modalities if isinstance(modalities, list) else []:
        if (check := _judge_band(item, facts, file)) is not None:
            checks.append(check)
    return [*checks, *_judge_domains(content), *_judge_age(facts, file)]


def render_summary(content: DocumentContent) -> bytes:
    """The summary, as Markdown."""
    opening = (
        f"# Summary of the training content of {title_of(content)}\n\nArticle "
        "53(1)(d) of Regulation (EU) 2024/1689, in the layout of the AI Office's template."
    )
    parts = TRAINING_SUMMARY.parts
    blocks = [opening]
    for part in parts:
        blocks.append(
            render_parts((part,), summary_facts(content.facts))
            if part.rows
            else f"{'#' * part.level} {part.title}"
        )
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def _band_of(item: dict[str, Value], facts: Facts) -> str | None:
    """The band that the exact number falls into, where one is known."""
    modality, size = str(item["modality"]), item.get("size")
    if size is None and modality == "text":
        size = facts.value("training.tokens")
    if not isinstance(size, int | float) or modality not in UNITS:
        return None if size is None else f"{size:g} {item.get('unit') or 'items'}"
    return size_band(modality, size)


def _judge_band(item: dict[str, Value], facts: Facts, file: str | None) -> Check | None:
    modality, band = str(item["modality"]), item.get("band")
    counted, name = _band_of(item, facts), f"documents.{KEY}.band.{modality}"
    hint = f"answer modalities in {file}"
    if band is None and counted is None:
        sentence = f"neither a size nor a band is stated for the {modality} in the training data"
        return Check(name, "documents", "unmet", sentence, hint=hint)
    if band is None or modality not in UNITS:
        return None
    if band not in size_bands(modality):
        sentence = f"{band!a:.80} is not a band of {modality}"
        allowed = "; ".join(size_bands(modality))
        return Check(name, "documents", "unmet", sentence, hint=f"one of: {allowed}")
    if counted is not None and counted != band:
        sentence = f"the {modality} is {counted} by number and {band} as declared"
        evidence = (Evidence("as declared", str(band)), Evidence("by number", counted))
        return Check(name, "documents", "unmet", sentence, evidence, hint)
    return None


def _judge_domains(content: DocumentContent) -> list[Check]:
    """Whether the file of top domains is there for whoever reads the summary."""
    path = content.facts.value(f"{KEY}.crawled.domains_file")
    if not content.files or not path or any(file.path == path for file in content.files):
        return []
    sentence = f"the summary names {path} as its list of domains, and the release has no such file"
    hint = "put it into the source, or list crawled.domains in the summary"
    name = f"documents.{KEY}.crawled.domains_file"
    return [Check(name, "documents", "unmet", sentence, hint=hint)]


def _judge_age(facts: Facts, file: str | None) -> list[Check]:
    """The age on the day of the release, which a build must not take from a clock."""
    updated, released = facts.value(f"{KEY}.updated"), facts.value("release.date")
    name = f"documents.{KEY}.age"
    if not isinstance(updated, str):
        return []
    if not isinstance(released, str):
        sentence = "the age of the summary cannot be told: the release has no date"
        hint = "say metadata.date in release.yaml"
        return [Check(name, "documents", "undecided", sentence, hint=hint)]
    evidence = (Evidence("last update", updated), Evidence("release", released))
    due = months_later(datetime.date.fromisoformat(updated), MONTHS_BETWEEN_UPDATES)
    if due < datetime.date.fromisoformat(released):
        sentence = (
            f"the summary of training content was updated on {updated}, more than "
            f"{MONTHS_BETWEEN_UPDATES} months before the release of {released}"
        )
        hint = f"look through {file} again and change updated"
        return [Check(name, "documents", "warned", sentence, evidence, hint)]
    sentence = f"the summary of training content was updated on {updated}"
    return [Check(name, "documents", "met", sentence, evidence)]


def months_later(day: datetime.date, months: int) -> datetime.date:
    """The same day of a later month, or that month's last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    last = (following - datetime.timedelta(days=1)).day
    return datetime.date(year, month, min(day.day, last))
