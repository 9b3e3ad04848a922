"""transformers on PyTorch, with its default cache; every row of a batch has the same length."""

from __future__ import annotations

import time

import torch
from timing import arguments, measure
from transformers import AutoModelForCausalLM


def main() -> None:
    path, precision, sizes = arguments()
    model = AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, precision)).eval()

    @torch.inference_mode()
    def generate(prompts: list[list[int]], new: int) -> list[list[float]]:
        tokens, cache, moments = torch.tensor(prompts), None, []
        for _ in range(new):
            out = model(tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
            tokens, cache = out.logits[:, -1].argmax(-1, keepdim=True), out.past_key_values
            moments.append(time.perf_counter())
        return [moments] * len(prompts)

    measure(generate, sizes, model.config.vocab_size)


if __name__ == "__main__":
    main()
