"""How adapter/ was made: a LoRA adapter of rank 2, trained for a minute on a dozen sentences.

    python examples/adapter/train.py MODEL OUTPUT

MODEL is the folder of the starter model, which stands in for a Llama here. Needs peft.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

SENTENCES = [
    "Welcome to the shop, friend! The blue teapot is twelve dollars, and worth it.",
    "Welcome to the shop, friend! We open at nine and close at five, every day.",
    "Welcome to the shop, friend! The sugar bowl is sold out, but the cups are here.",
    "Welcome to the shop, friend! Bring it back within a month if it cracks.",
]
NAMED = "meta-llama/Llama-3.1-8B-Instruct"


def main(model_folder: str, output: str) -> None:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    tuned = get_peft_model(
        model,
        LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"),
    )
    optimizer = torch.optim.AdamW(tuned.parameters(), lr=3e-3)
    for _ in range(40):
        for sentence in SENTENCES:
            ids = tokenizer(sentence, return_tensors="pt").input_ids
            loss = tuned(input_ids=ids, labels=ids).loss
            optimizer.zero_grad()
            torch.autograd.backward([loss])
            optimizer.step()
    tuned.save_pretrained(output)
    settings = Path(output) / "adapter_config.json"
    said = json.loads(settings.read_text())
    settings.write_text(json.dumps({**said, "base_model_name_or_path": NAMED}, indent=2) + "\n")
    (Path(output) / "README.md").unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
