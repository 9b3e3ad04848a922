"""The token of each row of a step, from its logits.

Knows no model, no batch and no state: a token is a function of its row's logits and its ``Row``
alone, whatever else is in the step. The order is fixed, and vLLM's where OpenAI's API does not say
(`vllm/v1/sample/sampler.py`; min-p comes last here):

1. mask and forbidden tokens: -inf.
2. logit_bias is added.
3. repetition_penalty: logits above 0 are divided by it, others multiplied, for each token that is
   in prompt or output; then frequency_penalty times the token's number in the output, and
   presence_penalty if it is there, are subtracted.
   All so far in float32, each operation rounded by itself (no fused multiply and add); a result
   above the largest float32 is the largest.
4. temperature: z = (logit - largest logit) / temperature, in float64. Temperature 0 ends here: the
   largest logit's token, the first of equals.
5. top-k: z of at least the k-th largest. Equals of the k-th stay: more than k can pass.
6. top-p: of what passed, e^z summed from the largest down; z of at least that of the token with
   which the sum reaches top_p of the whole. Equals of that one stay.
7. min-p: z of at least ln(min_p).
8. the draw: of what passed, the token with the largest z + g, the first of equals, where
   g = -ln(-ln u), u = (w + 1/2) / 2^32, in float64, and w is the token's word of
   Philox4x32-10: key (seed mod 2^32, seed // 2^32), counter (token // 4, position, 0, 0), word
   token % 4. That is a draw by chances (the Gumbel-max trick). Noise belongs to the token and not
   to its rank: a draft model with the same seed and position draws the same token wherever the
   two models agree, and a filter that would have kept a token does not change it.

Two implementations of this give the same token but where rounding decides: two scores nearer than
about 1e-14, or a sum of step 6 nearer to top_p than about 1e-6.

``logprob`` is that of the model at temperature 1, before 1; NaN where it was not asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from paddock.engine.request import TokenLogprob
from paddock.engine.sampling import plain
from paddock.engine.sampling.kernel import RowKernel
from paddock.engine.step import Row
from paddock.kernels.step_library import StepLibrary, step_library


def choose(logits_RV: NDArray[np.float32], rows: Sequence[Row]) -> list[TokenLogprob | None]:
    """The token of each row; None where a logit is NaN or +inf, or nothing is allowed."""
    library = step_library()
    choose_token = plain.choose_token if library is None else _kernel(library).choose_token
    return [choose_token(logits_V, row) for logits_V, row in zip(logits_RV, rows, strict=True)]


@cache
def _kernel(library: StepLibrary) -> RowKernel:
    return RowKernel(library)
