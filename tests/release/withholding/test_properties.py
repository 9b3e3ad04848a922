"""Any set of rules is refused, or gives a checkpoint that opens and keeps the rest."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.checkpoint.opening import open_checkpoint
from paddock.checkpoint.tensors import has_same_bytes
from paddock.release.errors import WithholdingRefused
from paddock.release.withholding.apply import withhold
from tests.checkpoint.samples import TINY, write_hf_folder
from tests.release.withholding.samples import SECRET, spec_of

SMALL = replace(TINY, dim=8, heads=2, kv_heads=1, head_dim=4, ffn_dim=8, vocab_size=16)
PATTERNS = (
    "*", "model.layers.0.*", "model.layers.?.mlp.*", "*.up_proj.weight", "lm_head.weight",
    "*norm.weight", "model.embed_tokens.weight", "*.1.*", "nothing",
)  # fmt: skip
SELECTORS = st.one_of(
    st.builds(lambda n: {"layers": sorted(n)}, st.sets(st.integers(0, 3), min_size=1, max_size=2)),
    st.builds(lambda pattern: {"match": pattern}, st.sampled_from(PATTERNS)),
)
RULES = st.lists(
    st.builds(
        lambda selector, replace: selector | {"replace": replace},
        SELECTORS,
        st.sampled_from(["drop", "zero", "reinitialise"]),
    ),
    min_size=1,
    max_size=2,
)


@settings(max_examples=60)
@given(
    rules=RULES,
    layers=st.integers(2, 5),
    tied=st.booleans(),
    shard_bytes=st.sampled_from([500, 4000, 1 << 30]),
)
def test_rules_are_refused_or_the_rest_is_as_it_was(
    rules: list[dict[str, Any]], layers: int, tied: bool, shard_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "m", Path(folder) / "out"
        write_hf_folder(source, replace(SMALL, layers=layers, tied_embeddings=tied), shard_bytes)
        try:
            told = withhold(source, out, spec_of(*rules), SECRET)
        except WithholdingRefused:
            assert [path.name for path in Path(folder).iterdir()] == ["m"]
            return
        before, after = open_checkpoint(source).by_name(), open_checkpoint(out).by_name()
        withheld, names = {tensor.name: tensor for tensor in told.tensors}, dict(told.renamed)
        kept = {name: names.get(name, name) for name in before if name not in withheld}
        assert all(
            has_same_bytes(before[old], after[new].renamed(old)) for old, new in kept.items()
        )
        stubs = {tensor.released_as for tensor in told.tensors if tensor.released_as}
        assert set(after) == set(kept.values()) | stubs
        for name in stubs:
            original = next(t.name for t in told.tensors if t.released_as == name)
            assert not has_same_bytes(before[original], after[name].renamed(original))
