"""The model card: what the Hub's own client reads from it, and what a reader finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, parse_eval_result_entries
from huggingface_hub.repocard_data import model_index_to_eval_results

from paddock.front_matter import parse_front_matter, split_document
from paddock.markdown import render_card as as_html
from paddock.release.documents.content import DocumentContent
from paddock.release.documents.declared import read_declared
from paddock.release.documents.evaluations.belonging import sort_results
from paddock.release.documents.evaluations.model_index import render_eval_results
from paddock.release.documents.keys import KNOWN, FactKey
from paddock.release.documents.model_card.page import render_card
from paddock.release.documents.placeholders import find_placeholder
from paddock.release.documents.write import documents
from paddock.release.licences.judgement import Display, Duty, Grant, Judgement
from paddock.release.results.result import Result
from paddock.release.withholding.withheld import ConfigChange, Item, Withheld
from tests.release.documents.described import MEASURED, described

FACTS = b"""
model.knowledge_cutoff: 2026-06
model.design: A small dense decoder.
people: {authors: [Ada, Grace], funded_by: Acme, shared_by: Acme}
links: {paper: "https://acme.example/paper", repository: "https://acme.example/code"}
use:
  direct: Answers in shops.
  downstream: Fine-tuning on a shop's own texts.
  out_of_scope: {value: Medical advice., by: ada@acme.example}
  hardware: One accelerator.
risks:
  biases: It favours what was sold often.
  limitations: [It knows one shop., It invents prices.]
  recommendations: Check prices.
  ethical: [{name: Impersonation, mitigation: It says that it is a machine.}]
training:
  data: Conversations.
  datasets: [acme/shop-talk, a private set]
  preprocessing: Deduplicated.
  regime: bf16
  hardware: 8 GPUs
  hardware_hours: 120
  region: EU
  provider: Acme Cloud
  hyperparameters: [{name: learning rate, value: 0.001}]
evaluation: {summary: Good enough for shops., examination: None was done.}
energy: {co2_kg: 0.5, co2_source: a meter, training_type: fine-tuning}
citation: {bibtex: "@misc{acme}", apa: "Acme (2026)."}
glossary: [{term: shop, meaning: where things are sold}]
more: See the paper.
"""


def content(sections: dict[str, Any] | None = None, **more: Any) -> DocumentContent:
    facts = read_declared(FACTS, "facts.yaml")
    said = {
        "metadata": {"stage": "gated", "description": "Answers for a shop.", "tags": ["shop"]},
        "lineage": {"base_model": [{"id": "acme/base", "relation": "finetune"}]},
        "access": {
            "mechanism": "manual",
            "extra_gated_prompt": "Agree.",
            "extra_gated_fields": {"Purpose": {"type": "select", "options": ["a", "b"]}},
        },
        "components": [
            {"name": "Datasets", "access": "withheld", "reason": "privacy",
             "review_date": "2027-05-01"},
        ],
    }  # fmt: skip
    files = {"model.safetensors": b"weights", "LICENSE": b"Apache", "NOTICE": b"n"}
    made = described({**said, **(sections or {})}, facts=facts, files=files)
    digest = made.files[-1].sha256
    results = (
        Result("mmlu", 0.71, 0.69, 0.73, 0.95, n=1200, metric="acc", task="mmlu",
               dataset="cais/mmlu", dataset_revision="abc", model_digest=digest,
               higher_is_better=True, code="lm-eval 0.4", date="2026-11-01"),
        Result("refusals", 0.97, model_digest=digest),
        Result("mmlu", 0.66, model="acme/base", dataset="cais/mmlu"),
    )  # fmt: skip
    return described(
        {**said, **(sections or {})}, facts=facts, files=files, **{"results": results, **more}
    )


def body(of: DocumentContent) -> str:
    return split_document(render_card(of).decode()).body


def test_the_hubs_client_reads_every_field(tmp_path: Path) -> None:
    card = ModelCard(render_card(content()).decode())
    data = card.data.to_dict()
    assert data["language"] == ["en"]
    assert (data["license"], data["pipeline_tag"]) == ("apache-2.0", "text-generation")
    assert data["library_name"] == "transformers"
    assert data["tags"] == ["shop", "llama", "paddock"]
    assert data["datasets"] == ["acme/shop-talk"]
    assert data["metrics"] == ["acc"]
    assert data["base_model"] == ["acme/base"]
    assert data["base_model_relation"] == "finetune"
    assert data["co2_eq_emissions"] == {
        "emissions": 500.0,
        "source": "a meter",
        "training_type": "fine-tuning",
        "geographical_location": "EU",
        "hardware_used": "8 GPUs",
    }
    assert data["extra_gated_prompt"] == "Agree."
    assert data["extra_gated_fields"]["Purpose"] == {"type": "select", "options": ["a", "b"]}
    assert parse_front_matter(split_document(card.content).front_matter or "") is not None


def test_results_come_back_through_both_of_the_clients_classes() -> None:
    shown = content()
    data = ModelCard(render_card(shown).decode()).data
    results = data.eval_results
    assert results is not None
    assert all(isinstance(result, EvalResult) for result in results)
    assert {(r.dataset_type, r.metric_type, r.metric_value) for r in results} == {
        ("cais/mmlu", "acc", 0.71),
        ("refusals", "refusals", 0.97),
    }
    name, again = model_index_to_eval_results(data.to_dict()["model-index"])
    assert (name, len(again)) == ("Llama-Example-8B", 2)
    own = sort_results(shown.results, shown.spec, shown.files).own
    (entry,) = parse_eval_result_entries(yaml.safe_load(render_eval_results(own) or b""))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("cais/mmlu", "mmlu", 0.71)
    assert (entry.dataset_revision, entry.date) == ("abc", "2026-11-01")
    assert "95 %: 0.69 to 0.73, n = 1200" in (entry.notes or "")


def test_every_slot_that_has_a_fact_is_filled_and_none_is_left_open() -> None:
    card = body(content(authors_text="Written by hand."))
    for said in (
        "# Llama-Example-8B", "Answers for a shop.", "## Uses", "Answers in shops.",
        "Fine-tuning on a shop's own texts.", "Medical advice.", "*Declared by ada@acme.example.*",
        "It favours what was sold often.", "- It invents prices.", "Check prices.",
        "It says that it is a machine.", "## How to get started", "## Training details",
        "Conversations.", "Deduplicated.", "| Training regime | bf16 | declared |",
        "| learning rate |", "## Evaluation", "Good enough for shops.", "None was done.",
        "## Environmental impact", "| Emissions of training | 0", "8 GPUs", "Acme Cloud",
        "## Technical specifications", "One accelerator.", "@misc{acme}", "Acme (2026).",
        "## Glossary", "where things are sold", "See the paper.", "## Authors of this card",
        "- Ada", "## Contact", "release@acme.example", "## From the author", "Written by hand.",
        "| Parameters | 8,030,261,248 | measured |", "| Context | 131,072 tokens | measured |",
    ):  # fmt: skip
        assert said in card, said
    assert find_placeholder(card) is None


def test_a_slot_without_a_fact_is_not_there() -> None:
    card = body(described({"metadata": {"producer": None}}))
    for title in ("Uses", "Bias", "Training details", "Evaluation", "Environmental", "Citation",
                  "Glossary", "From the author"):  # fmt: skip
        assert f"## {title}" not in card
    assert "| Producer | not stated | unknown |" in card


def test_results_are_told_with_intervals_and_those_of_others_apart() -> None:
    card = body(content())
    own, others = card.split("### To compare")
    assert "| mmlu |" in own
    assert "0.69 to 0.73 (95 %)" in own
    assert "| none |" in own
    assert "acme/base" in others
    assert "0\\.66" in others or "0.66" in others


def test_what_is_kept_back_is_told_with_reason_and_commitment() -> None:
    item = Item("p.1", "Model parameters (Final)", "layers 8-11", "safety", "drop", None,
                "the layers after them moved up", "ab" * 32)  # fmt: skip
    withheld = Withheld(items=(item,), config_changes=(ConfigChange("layers", 12, 8),))
    card = body(content(withheld=withheld))
    assert "layers 8-11" in card
    assert "ab" * 32 in card
    assert "the layers after them moved up" in card
    assert "| layers | 12 | 8 |" in card
    assert "| Datasets | withheld |  | privacy | 2027-05-01 |" in card
    assert "not in a class of the Model Openness Framework" in card
    assert "Access is gated: manual." in card


def test_what_licences_ask_for_is_shown() -> None:
    judgement = Judgement(
        duties=(Duty("display", "llama3.1", "1.b.i", "prominently display", "Built with Llama"),),
        grants=(Grant("commercial", True, "llama3.1", "1.a"), Grant("outputs_train", None)),
        displays=(Display("Built with Llama", "llama3.1", "https://www.llama.com"),),
    )
    card = body(content(judgement=judgement))
    assert "[**Built with Llama**](<https://www.llama.com>)" in card.split("## ")[0]
    assert "| display | llama3.1 |" in card
    assert "- commercial: allowed (llama3.1 1.a)" in card
    assert "outputs train" not in card
    assert "[NOTICE](NOTICE)" in card


HOSTILE = "a | b\n# Injected\n<script>alert(1)</script> [x](javascript:alert(1)) `code` \u202e"


@pytest.mark.parametrize("key", ["use.direct", "training.hardware", "risks.biases"])
def test_a_strangers_words_stay_words(key: str) -> None:
    facts = read_declared(yaml.safe_dump({key: HOSTILE}).encode(), "f.yaml")
    shown = described({"metadata": {"description": HOSTILE}}, facts=facts)
    page = as_html(body(shown))
    assert page.count("<h1>") == 1
    assert "<script" not in page
    assert "javascript:" in page
    assert 'href="javascript' not in page


def test_a_file_whose_name_could_end_its_link_is_only_shown() -> None:
    files = {"LICENSE](javascript:alert(1)).txt": b"x", "model.safetensors": b"w"}
    page = as_html(body(described(files=files)))
    assert "<code>LICENSE](javascript:alert(1)).txt</code>" in page
    assert 'href="javascript' not in page


def test_an_unknown_licence_is_never_told_as_one() -> None:
    card = render_card(described({"licenses": {"distribution": "unknown"}})).decode()
    assert "| Licence | not stated | unknown |" in card
    assert ModelCard(card).data.license == "unknown"


def test_a_licence_of_ones_own_has_its_name_and_its_file() -> None:
    files = {"LICENSE.md": b"x", "model.safetensors": b"w"}
    shown = described({"licenses": {"distribution": "LicenseRef-acme"}}, files=files)
    data = ModelCard(render_card(shown).decode()).data.to_dict()
    assert (data["license"], data["license_name"], data["license_link"]) == (
        "other", "LicenseRef-acme", "LICENSE.md",
    )  # fmt: skip


def test_the_code_to_begin_with_is_for_the_form_that_is_shipped() -> None:
    def code(*paths: str) -> str:
        return body(described(files={path: b"x" for path in paths})).split("```python")[1]

    assert "AutoModelForCausalLM.from_pretrained" in code("config.json", "model.safetensors")
    assert 'gguf_file="m-q4.gguf"' in code("m-q4.gguf")
    assert "gguf_file" not in code("m-q4.gguf", "model.safetensors")
    adapter = ("adapter_config.json", "adapter_model.safetensors")
    assert "AutoPeftModelForCausalLM" in code(*adapter)
    card = render_card(described(files={path: b"x" for path in adapter})).decode()
    assert ModelCard(card).data.library_name == "peft"


@pytest.mark.parametrize("key", [key for key in KNOWN.values() if key.declarable])
def test_whatever_an_author_may_declare_is_told(key: FactKey) -> None:
    samples: dict[str, Any] = {
        "text": "A sentinel.", "texts": ["A sentinel."], "count": 987_654, "number": 987_654,
        "flag": True, "day": "2019-03-07", "month": "2019-03",
        "rows": [{column: "A sentinel." for column in key.columns}],
    }  # fmt: skip
    shown = {"count": "987,654", "number": "987,654", "flag": "yes", "day": "2019-03-07",
             "month": "2019-03"}.get(key.kind, "A sentinel.")  # fmt: skip
    raw = yaml.safe_dump({key.key: {"value": samples[key.kind], "by": "ada"}}).encode()
    facts = read_declared(raw, "facts.yaml")
    pages = documents(described(facts=facts)) if key.key not in MEASURED else {}
    said = "\n".join(raw.decode() for path, raw in pages.items() if path.endswith(".md"))
    assert not pages or shown in said.replace("\\", ""), key.key
    assert not pages or "eclared by ada" in said or "| ada |" in said
