"""OpenVINO GenAI's continuous batching, on a model that optimum-intel exported."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import openvino as ov
import openvino_genai as genai
from timing import arguments, measure


def main() -> None:
    path, _, sizes = arguments()
    vocabulary = json.loads((Path(path) / "config.json").read_text())["vocab_size"]
    scheduling = genai.SchedulerConfig()
    scheduling.max_num_seqs = max(sizes["batches"])
    scheduling.max_num_batched_tokens = 512
    scheduling.cache_size = 2
    scheduling.enable_prefix_caching = False
    pipeline = genai.ContinuousBatchingPipeline(path, scheduling, "CPU")

    def generate(prompts: list[list[int]], new: int) -> list[list[float]]:
        wanted = genai.GenerationConfig(max_new_tokens=new, ignore_eos=True, do_sample=False)
        handles = [
            pipeline.add_request(i, ov.Tensor(np.array([prompt], np.int64)), wanted)
            for i, prompt in enumerate(prompts)
        ]
        times: list[list[float]] = [[] for _ in prompts]
        while pipeline.has_non_finished_requests():
            pipeline.step()
            now = time.perf_counter()
            for handle, moments in zip(handles, times, strict=True):
                while handle.can_read():
                    for output in handle.read().values():
                        moments += [now] * len(output.generated_ids)
        return times

    measure(generate, sizes, vocabulary)


if __name__ == "__main__":
    main()
