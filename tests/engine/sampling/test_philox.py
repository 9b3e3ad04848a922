"""The numbers behind draws are Philox's own, and streams of them are unrelated."""

from __future__ import annotations

import numpy as np
import pytest

from paddock.engine.sampling.philox import gumbel, philox, token_words

ALL = 0xFFFFFFFF
# Random123's tests/kat_vectors, philox4x32 with 10 rounds: counter, key, result.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL,) * 4, (ALL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_published_answers(counter, key, result):
    words = philox(tuple(np.array([word], np.uint64) for word in counter), key)
    assert tuple(int(word[0]) for word in words) == result


def test_a_tokens_word_is_one_of_the_four_of_its_counter():
    seed, position, ids = 0x123456789ABCDEF0, 77, np.array([4, 5, 6, 7, 0], np.int64)
    one, zero = np.array([1], np.uint64), np.array([0], np.uint64)
    words = philox((one, one * 77, zero, zero), (0x9ABCDEF0, 0x12345678))
    assert token_words(seed, position, ids)[:4].tolist() == [int(word[0]) for word in words]


def test_neighbouring_positions_seeds_and_tokens_are_uncorrelated():
    ids = np.arange(20_000)
    streams = [
        gumbel(token_words(seed, position, ids))
        for seed, position in ((0, 0), (0, 1), (1, 0), (1 << 32, 0), (0, 2))
    ]
    streams.append(np.roll(streams[0], 1))
    correlations = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(correlations).max() < 5 / np.sqrt(len(ids))


def test_the_noise_is_gumbels():
    noise = np.sort(gumbel(token_words(9, 3, np.arange(50_000))))
    expected = np.exp(-np.exp(-noise))
    distance = np.abs(expected - (np.arange(len(noise)) + 0.5) / len(noise)).max()
    assert distance < 1.63 / np.sqrt(len(noise))  # Kolmogorov and Smirnov's, at one in a hundred
