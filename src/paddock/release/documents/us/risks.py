"""The risks of generative AI that NIST AI 600-1 names, each with what was done about it.

``docs.risks`` names the YAML file of answers. A risk is answered when somebody said whether it
applies, and for one that applies by what it was measured, with which result, what was done, what
remains and who answers for it. A result is told from the audit where one has that name.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from paddock.release.documents.content import DocumentContent
from paddock.release.documents.form import title_of
from paddock.release.documents.plain import in_line, table
from paddock.release.evidence import Check
from paddock.release.facts import Fact, declared
from paddock.release.spec.section import Listed, Many, Section, Text, without_repeats, wrong

SETTING = "docs.risks"
KEY = "us.risks"

Risk = Literal[
    "CBRN information or capabilities",
    "Confabulation",
    "Dangerous, violent or hateful content",
    "Data privacy",
    "Environmental impacts",
    "Harmful bias and homogenisation",
    "Human-AI configuration",
    "Information integrity",
    "Information security",
    "Intellectual property",
    "Obscene, degrading or abusive content",
    "Value chain and component integration",
]
RISKS: tuple[str, ...] = get_args(Risk)
_FUNCTIONS = {"govern": "Govern", "map": "Map", "measure": "Measure", "manage": "Manage"}
_NEEDED = ("measured_by", "result", "mitigation", "residual", "owner")


class RiskAnswer(Section):
    """One risk."""

    risk: Risk = Field(description="The risk, by its name.")
    applies: bool = Field(description="Whether it applies to this model.")
    reason: Text | None = Field(None, description="Why it does not apply.")
    measured_by: Many[Text] = Field((), description="Evaluations, by their names in the audit.")
    result: Text | None = Field(None, description="What was found, where no audit says it.")
    mitigation: Text | None = Field(None, description="What was done about it.")
    residual: Text | None = Field(None, description="What remains.")
    owner: Text | None = Field(None, description="Who answers for it.")

    @model_validator(mode="after")
    def _says_why(self) -> RiskAnswer:
        if not self.applies and self.reason is None:
            raise wrong(f"{self.risk}: a risk that does not apply needs a reason")
        return self


class RiskAnswers(Section):
    """The table, and what is done under the four functions of the AI RMF."""

    govern: Text | None = Field(None, description="Policies, roles, oversight.")
    map: Text | None = Field(None, description="Context, intended uses, people affected.")
    measure: Text | None = Field(None, description="How risks are measured and tracked.")
    manage: Text | None = Field(None, description="How they are treated, and incidents answered.")
    risks: Listed[RiskAnswer] = Field(description="Each risk once.")

    @model_validator(mode="after")
    def _agrees(self) -> RiskAnswers:
        without_repeats((each.risk for each in self.risks), "a risk that is there twice")
        return self


def risk_facts(answers: RiskAnswers, file: str) -> tuple[Fact, ...]:
    """The answers as facts."""
    rows = [each.model_dump(mode="json", exclude_none=True) for each in answers.risks]
    functions = [
        declared(title, getattr(answers, name), f"{KEY}.{name}", file)
        for name, title in _FUNCTIONS.items()
    ]
    found = (declared("Risks", rows, f"{KEY}.rows", file), *functions)
    return tuple(fact for fact in found if fact.is_known)


def judge_risks(content: DocumentContent) -> list[Check]:
    """Risks that nobody spoke of, and what is missing of those that apply."""
    file = content.spec.docs.risks
    if file is None:
        return []
    rows, checks = _rows(content), []
    for risk in RISKS:
        row = rows.get(risk)
        if row is None:
            sentence = f"nobody said whether the risk applies: {risk}"
            checks.append(_unmet(risk, "", sentence, file))
        elif row["applies"]:
            for name in _NEEDED:
                if not _answer(content, row, name):
                    sentence = f"{risk}: {name.replace('_', ' ')} is not stated"
                    checks.append(_unmet(risk, f".{name}", sentence, file))
    if not checks:
        sentence = f"all {len(RISKS)} risks of NIST AI 600-1 are answered"
        checks.append(Check(f"documents.{KEY}", "documents", "met", sentence))
    return checks


def render_risks(content: DocumentContent) -> bytes:
    """The table, as Markdown."""
    rows = _rows(content)
    blocks = [
        f"# Risks of {title_of(content)}\n\nThe risks of generative "
        "AI that NIST AI 600-1 names. Declared, unless a result was taken from the audit."
    ]
    for name, title in _FUNCTIONS.items():
        if (fact := content.facts[f"{KEY}.{name}"]).is_known:
            blocks.append(f"## {title}\n\n{in_line(fact.text)}")
    head = ("Risk", "Applies", "Measured by", "Result", "Mitigation", "Residual", "Owner")
    body = [_line(content, risk, rows.get(risk)) for risk in RISKS]
    blocks.append(f"## The risks\n\n{table(head, body)}")
    return ("\n\n".join(blocks) + "\n").encode()


def _rows(content: DocumentContent) -> dict[str, dict[str, Any]]:
    value = content.facts.value(f"{KEY}.rows")
    return {row["risk"]: row for row in value} if isinstance(value, list) else {}


def _line(content: DocumentContent, risk: str, row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return [risk, "not stated", *[""] * len(_NEEDED)]
    if not row["applies"]:
        return [risk, f"no: {row['reason']}", *[""] * len(_NEEDED)]
    return [risk, "yes", *(_answer(content, row, name) for name in _NEEDED)]


def _answer(content: DocumentContent, row: dict[str, Any], name: str) -> str:
    if name == "measured_by":
        return ", ".join(row.get(name, ()))
    if name == "result" and (measured := _measured(content, row.get("measured_by", ()))):
        return "; ".join(filter(None, [measured, row.get(name)]))
    return str(row.get(name, ""))


def _measured(content: DocumentContent, names: list[str]) -> str:
    """The audit's results under these names, with their intervals."""
    found = []
    for result in content.results:
        if result.eval in names:
            low, high = result.low, result.high
            span = f" ({low:.4g} to {high:.4g})" if low is not None and high is not None else ""
            found.append(f"{result.eval} {result.value:.4g}{span}, measured")
    return "; ".join(found)


def _unmet(risk: str, what: str, sentence: str, file: str) -> Check:
    name = "_".join(risk.lower().replace(",", "").replace("-", " ").split())
    hint = f"answer it under risks in {file}"
    return Check(f"documents.{KEY}.{name}{what}", "documents", "unmet", sentence, hint=hint)
