"""California's AB 2013: a summary of the data that a generative model was made with, in 12 points.

Civil Code 3111(a)(1) to (12), in force since 1 January 2026. Each point is answered by the file
that ``docs.us_ca.ab2013`` names, else put together from the descriptions of the training data sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import Field

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.croissant.dataset import DatasetDescription
from paddock.release.documents.form import Form, Part, Row, judge_form, render_parts, title_of
from paddock.release.evidence import Check
from paddock.release.facts import Facts, declared
from paddock.release.spec.section import Section, Text

SETTING = "docs.us_ca.ab2013"
KEY = "us.ab2013"
BY = "the descriptions of data sets (docs.datasets)"


class Ab2013Answers(Section):
    """The 12 points, where the descriptions of the data sets do not answer them."""

    sources: Text | None = Field(None, description="1: sources or owners of the data sets.")
    purpose: Text | None = Field(None, description="2: how they further the intended purpose.")
    points: Text | None = Field(None, description="3: number of data points; ranges are allowed.")
    kinds: Text | None = Field(None, description="4: types of data points.")
    rights: Text | None = Field(None, description="5: copyright, trademark, patent, or none.")
    acquired: Text | None = Field(None, description="6: whether bought or licensed.")
    personal: Text | None = Field(None, description="7: whether with personal information.")
    consumers: Text | None = Field(None, description="8: aggregate consumer information.")
    processing: Text | None = Field(None, description="9: cleaning, processing, and why.")
    collected: Text | None = Field(None, description="10: when collected; whether it goes on.")
    first_used: Text | None = Field(None, description="11: when first used in development.")
    synthetic: Text | None = Field(None, description="12: synthetic data, and why.")


_TITLES = {
    "sources": "1. Sources or owners of the data sets",
    "purpose": "2. How the data sets further the intended purpose",
    "points": "3. Number of data points",
    "kinds": "4. Types of data points",
    "rights": "5. Copyright, trademark, patent, or public domain",
    "acquired": "6. Whether data sets were purchased or licensed",
    "personal": "7. Personal information",
    "consumers": "8. Aggregate consumer information",
    "processing": "9. Cleaning, processing or other modification, and why",
    "collected": "10. Time of collection, and whether it goes on",
    "first_used": "11. When the data sets were first used",
    "synthetic": "12. Synthetic data",
}

AB2013 = Form(
    KEY,
    "California's page on training data",
    (
        Part(
            "Data used to develop the model",
            tuple(Row(title, (f"{KEY}.{name}",), name) for name, title in _TITLES.items()),
        ),
    ),
)


def ab2013_facts(facts: Facts, datasets: Sequence[DatasetDescription]) -> Facts:
    """The facts with the points that the descriptions of the training data answer."""
    trained = [one for one in datasets if set(one.uses) & {"training", "validation"}]
    found = [
        declared(title, _together(trained, _ANSWERS[name]), f"{KEY}.{name}", BY)
        for name, title in _TITLES.items()
    ]
    return facts | found


def judge_ab2013(content: DocumentContent) -> list[Check]:
    """The points that nobody answered."""
    facts = ab2013_facts(content.facts, content.datasets)
    return judge_form(AB2013, facts, _file(content), SETTING)


def render_ab2013(content: DocumentContent) -> bytes:
    """The page, as Markdown."""
    facts = ab2013_facts(content.facts, content.datasets)
    opening = (
        f"# Training data of {title_of(content)}\n\nThe twelve "
        "points of California Civil Code, section 3111 (AB 2013). Each says who declared it."
    )
    return f"{opening}\n\n{render_parts(AB2013.parts, facts)}\n".encode()


def _file(content: DocumentContent) -> str | None:
    asked = content.spec.docs.us_ca
    return None if asked is None or asked.ab2013 in {"auto", "not_applicable"} else asked.ab2013


def _together(
    datasets: Sequence[DatasetDescription], answer: Callable[[DatasetDescription], str | None]
) -> str | None:
    """One paragraph for each data set; nothing unless all of them answer."""
    answers = [answer(one) for one in datasets]
    if not answers or any(words is None for words in answers):
        return None
    return "\n\n".join(f"{one.name}: {words}" for one, words in zip(datasets, answers, strict=True))


def _collected(one: DatasetDescription) -> str | None:
    if one.ab2013.collected:
        return one.ab2013.collected
    if one.collected_from is None:
        return None
    if one.collected_to is None:
        return f"from {one.collected_from}; collection goes on"
    return f"{one.collected_from} to {one.collected_to}"


def _points(one: DatasetDescription) -> str | None:
    return one.ab2013.points or (f"{one.size_points:,}" if one.size_points is not None else None)


_ANSWERS: dict[str, Callable[[DatasetDescription], str | None]] = {
    "sources": lambda one: ", ".join((*one.creators, *filter(None, [one.url]))) or None,
    "purpose": lambda one: one.ab2013.purpose or one.intended_use,
    "points": _points,
    "kinds": lambda one: one.ab2013.kinds or ", ".join(one.types),
    "rights": lambda one: one.ab2013.rights,
    "acquired": lambda one: one.ab2013.acquired,
    "personal": lambda one: one.ab2013.personal,
    "consumers": lambda one: one.ab2013.consumers,
    "processing": lambda one: one.ab2013.processing or "; ".join(one.preprocessing) or None,
    "collected": _collected,
    "first_used": lambda one: one.ab2013.first_used,
    "synthetic": lambda one: one.ab2013.synthetic,
}
