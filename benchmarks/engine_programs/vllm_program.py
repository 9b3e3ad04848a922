"""vLLM's engine for CPUs, driven step by step in this process."""

from __future__ import annotations

import os
import time

from timing import arguments, measure


def main() -> None:
    path, precision, sizes = arguments()
    os.environ |= {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "2"}
    from vllm import EngineArgs, LLMEngine, SamplingParams

    engine = LLMEngine.from_engine_args(
        EngineArgs(
            model=path,
            skip_tokenizer_init=True,
            dtype=precision,
            max_model_len=2048,
            max_num_seqs=max(sizes["batches"]),
            max_num_batched_tokens=2048,
            enable_prefix_caching=False,
        )
    )

    def generate(prompts: list[list[int]], new: int) -> list[list[float]]:
        wanted = SamplingParams(max_tokens=new, ignore_eos=True, temperature=0, detokenize=False)
        for i, prompt in enumerate(prompts):
            engine.add_request(str(i), {"prompt_token_ids": prompt}, wanted)
        times: list[list[float]] = [[] for _ in prompts]
        while engine.has_unfinished_requests():
            outputs = engine.step()
            now = time.perf_counter()
            for output in outputs:
                moments = times[int(output.request_id)]
                moments += [now] * (len(output.outputs[0].token_ids) - len(moments))
        return times

    measure(generate, sizes, engine.vllm_config.model_config.get_vocab_size())


if __name__ == "__main__":
    main()
