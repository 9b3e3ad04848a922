"""Judges behind OpenAI's moderation API, or any endpoint of its shape."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import httpx2
import orjson

from paddock.serve.policy.document import JudgeSpec, Policy
from paddock.serve.policy.errors import BadPolicy, JudgeFailed
from paddock.serve.policy.judging import Question, read_scores

MAX_ANSWER_BYTES: Final = 1 << 20


class Moderation:
    """A ``Judge``: every text at once, and each category's highest score."""

    def __init__(self, spec: JudgeSpec, policy: Policy) -> None:
        """Raises BadPolicy where the environment lacks the key."""
        self._spec, self._policy = spec, policy
        headers = {"content-type": "application/json"}
        if spec.key_env:
            key = os.environ.get(spec.key_env)
            if not key:
                raise BadPolicy(f"the environment's {spec.key_env} holds no key for {spec.id}")
            headers["authorization"] = f"Bearer {key}"
        self._client = httpx2.AsyncClient(timeout=spec.timeout_seconds, headers=headers)

    async def scores(self, question: Question) -> Mapping[str, float]:
        body: dict[str, Any] = {"input": list(question.texts)}
        if self._spec.model:
            body["model"] = self._spec.model
        try:
            told = orjson.loads(await self._asked(orjson.dumps(body)))
            results = [each["category_scores"] for each in told["results"]]
        except (httpx2.HTTPError, ValueError, TypeError, KeyError) as e:
            raise JudgeFailed(f"the judge {self._spec.id} failed: {type(e).__name__}") from e
        if len(results) != len(question.texts):
            raise JudgeFailed(f"the judge {self._spec.id} answers for {len(results)} texts")
        scores: dict[str, float] = {}
        for result in results:
            for category, score in read_scores(result, self._spec, self._policy).items():
                scores[category] = max(score, scores.get(category, 0.0))
        return scores

    async def _asked(self, body: bytes) -> bytes:
        answer = bytearray()
        url = self._spec.url or ""
        async with self._client.stream("POST", url, content=body) as response:
            response.raise_for_status()
            async for part in response.aiter_bytes():
                answer += part
                if len(answer) > MAX_ANSWER_BYTES:
                    raise JudgeFailed(f"the judge {self._spec.id} answers with too much")
        return bytes(answer)
