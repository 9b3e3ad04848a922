"""What the author's own words claim of evaluations must be results, to the digits written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.evaluations.claims import (
    claim_checks,
    claims_of_index,
    claims_of_text,
)
from paddock.release.documents.evaluations.rounding import says_the_same
from paddock.release.results.result import Result

MMLU = Result("mmlu", 0.71234, 0.69, 0.73, 0.95, n=1200, metric="acc", task="mmlu")


def figures(text: str, *names: str) -> list[tuple[str, str]]:
    return [(claim.name, claim.figure) for claim in claims_of_text(text, "README.md", names)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It reaches 71.2 on MMLU.", [("mmlu", "71.2")]),
        ("MMLU: 71", [("mmlu", "71")]),
        ("MMLU (5-shot): **71.2 %**", [("mmlu", "71.2")]),
        ("71 % on HellaSwag", [("hellaswag", "71")]),
        ("GSM8K = 0.5, HumanEval = 0.4", [("gsm8k", "0.5"), ("humaneval", "0.4")]),
        ("| Model | MMLU | GSM8K |\n| --- | --- | --- |\n| ours | 71.2 | 50.1 (8-shot) |",
         [("mmlu", "71.2"), ("gsm8k", "50.1")]),
        ("| Benchmark | Ours |\n|---|---|\n| MMLU | 71.2 ± 0.4 |", [("mmlu", "71.2")]),
        ("accuracy of 95%", [("accuracy", "95")]),
        ("### MMLU\n\n**75.3**\n", [("mmlu", "75.3")]),
        ("- MMLU:\n  - 75.3 %", [("mmlu", "75.3")]),
        ("<table><tr><th>Model</th>\n<th>MMLU</th></tr>\n<tr><td>ours</td>\n<td>75.3</td></tr>",
         [("mmlu", "75.3")]),
        ("M\u200bMLU: 75.3", [("mmlu", "75.3")]),
        ("\uff2d\uff2d\uff2c\uff35: \uff17\uff15.3", [("mmlu", "75.3")]),
        ("| Category | Benchmark | # Shots | Metric | Ours |\n|--|--|--|--|--|\n"
         "| General | MMLU | 5 | macro_avg/acc | 65.7 |", [("mmlu", "65.7")]),
        ("We looked at MMLU.\n\nTraining took 3.5 days.", []),
        ("pass@1 is 0.33", [("pass@1", "0.33")]),
        ("MMLU has 57 subjects and 4 choices.", []),
        ("We used MMLU, GSM8K and HumanEval.", []),
        ("Llama 3.1 has 8.03 billion parameters.", []),
        ("See arXiv:2009.03300 for the paper.", []),
        ("Trained for 12.5 days at 3.2 kW.", []),
        ("A drop of 3.2 % in the race of 2024.", []),
    ],
)  # fmt: skip
def test_a_figure_beside_an_evaluation_is_a_claim(text: str, found: list[tuple[str, str]]) -> None:
    assert figures(text) == found


def test_evaluations_of_the_results_are_recognised_by_their_names() -> None:
    assert figures("shop_questions: 86.0 %") == []
    assert figures("shop_questions: 86.0 %", "shop_questions") == [("shop_questions", "86.0")]


def test_a_claim_that_no_result_bears_out_is_unmet() -> None:
    (check,) = claim_checks({"README.md": "MMLU: 75.0"}, None, [MMLU])
    assert (check.id, check.status) == ("documents.claims:mmlu", "unmet")
    assert "75.0" in check.sentence
    assert "0.71234" in check.sentence
    (silent,) = claim_checks({"README.md": "GSM8K: 75.0"}, None, [MMLU])
    assert "they hold none for it" in silent.sentence


def test_claims_that_are_results_are_met() -> None:
    said = "MMLU is 71.2 (0.69 to 0.73).\n\n| MMLU | 0.712 |"
    (check,) = claim_checks({"README.md": said}, None, [MMLU])
    assert check.status == "met"
    (none,) = claim_checks({"README.md": "Hello."}, None, [])
    assert none.sentence == "the author's words claim no results of evaluations"


def index(value: Any, name: str = "MMLU") -> dict[str, Any]:
    metric = {"type": "acc", "value": value}
    results = [{"task": {"type": "x"}, "dataset": {"name": name}, "metrics": [metric]}]
    return {"model-index": [{"name": "m", "results": results}]}


def test_the_front_matter_is_held_against_the_results_too() -> None:
    assert [c.status for c in claim_checks({}, index(71.23), [MMLU])] == ["met"]
    assert [c.status for c in claim_checks({}, index(0.9), [MMLU])] == ["unmet"]
    assert [c.status for c in claim_checks({}, index("high"), [MMLU])] == ["unmet"]


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5),
                    lambda x: st.lists(x, max_size=3) | st.dictionaries(
                        st.sampled_from(["model-index", "results", "metrics", "dataset", "value"]),
                        x, max_size=3), max_leaves=12))  # fmt: skip
def test_any_front_matter_can_be_looked_at(front_matter: Any) -> None:
    list(claims_of_index(front_matter))


@given(st.text(alphabet="MMLU mlu|:=.%0123456789\n-*", max_size=200))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert all(says_the_same(figure, float(figure)) for _, figure in figures(text))


def test_long_lines_and_many_columns_take_no_time() -> None:
    figures("|" * 100_000 + "\n" + "MMLU 7.1 " * 100_000)


@pytest.mark.parametrize(
    ("written", "value", "same"),
    [
        ("71.2", 0.71234, True),
        ("0.712", 0.71234, True),
        ("71", 0.71234, True),
        ("71.3", 0.71234, False),
        ("71.24", 0.71235, True),
        ("0.5", 0.45, True),
        ("0.4", 0.45, True),
        ("0.72", 0.71234, False),
        ("high", 0.7, False),
        ("NaN", 0.7, False),
        ("1e400", 0.7, False),
        ("0", 0.0, True),
        ("-3.1", -3.14, True),
    ],
)
def test_a_figure_is_a_value_to_its_own_digits(written: str, value: float, same: bool) -> None:
    assert says_the_same(written, value) is same


def test_a_result_of_another_model_counts_where_that_model_is_named() -> None:
    other = Result("mmlu", 0.864, model="best/open-1")
    table = "| Model | MMLU |\n|---|---|\n| open-1 | 86.4 |\n| ours | {} |"
    for figure, status in (("71.2", "met"), ("86.4", "unmet")):
        (check,) = claim_checks({"README.md": table.format(figure)}, None, [MMLU], [other])
        assert check.status == status, figure
