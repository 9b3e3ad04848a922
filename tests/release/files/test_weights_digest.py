"""The digest by which results name the weights that they are about."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import BadInput
from paddock.release.files.weights_digest import is_weights, weights_digest

_DIGESTS = st.dictionaries(
    st.text("abc.", min_size=1, max_size=8),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    min_size=1,
    max_size=6,
)


def test_it_is_written_out_in_canonical_json() -> None:
    written = f'[["a.gguf","{"0" * 64}"],["b.gguf","{"1" * 64}"]]'
    expected = hashlib.sha256(written.encode()).hexdigest()
    assert weights_digest({"b.gguf": "1" * 64, "a.gguf": "0" * 64}) == expected


@given(_DIGESTS)
def test_the_order_of_files_means_nothing_and_every_name_does(files: dict[str, str]) -> None:
    backwards = dict(reversed(files.items()))
    assert weights_digest(files) == weights_digest(backwards)
    renamed = {f"x{path}": digest for path, digest in files.items()}
    assert weights_digest(files) != weights_digest(renamed)


def test_no_weights_have_no_digest() -> None:
    with pytest.raises(BadInput):
        weights_digest({})


def test_an_index_is_no_weights() -> None:
    assert is_weights("model-00001-of-00002.safetensors")
    assert is_weights("q4/model-Q4_K_M.gguf")
    assert not is_weights("model.safetensors.index.json")
