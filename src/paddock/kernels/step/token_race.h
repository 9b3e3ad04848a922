/* The draw: the token with the largest scaled logit and noise.
 *
 * The noise of engine/sampling/philox.py, computed only for blocks that could still win.
 */
#pragma once
#include "token_nucleus.h"

/* LANES / 2 counters at a time, one in the low half of each lane of 64 bits. */
enum { COUNTERS = LANES / 2 };
typedef uint64_t counters __attribute__((vector_size(8 * COUNTERS), may_alias));

/* Low halves multiplied; what is in the high halves does not matter. */
INLINE counters product(counters a, uint32_t b) {
#if LANES == 16
    return (counters)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(b));
#elif LANES == 8
    return (counters)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(b));
#elif LANES == 4 && defined(__SSE2__)
    return (counters)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(b));
#else
    return (a & 0xffffffffu) * b;
#endif
}

/* Philox4x32-10 of a block's counters (token / 4, position, 0, 0): words[i][j] is of token 4 j + i. */
INLINE void block_words(size_t block, const struct drawing *how,
                        uint64_t words_of[4][TOKEN_BLOCK / 4]) {
    for (size_t from = 0; from < TOKEN_BLOCK / 4; from += COUNTERS) {
        counters a, zero = {0}, b = zero + how->position, c = zero, d = zero;
        for (size_t i = 0; i < COUNTERS; i++) a[i] = block * (TOKEN_BLOCK / 4) + from + i;
        uint32_t low = (uint32_t)how->seed, high = (uint32_t)(how->seed >> 32);
        for (int round = 0; round < 10; round++, low += 0x9E3779B9u, high += 0xBB67AE85u) {
            counters of_a = product(a, 0xD2511F53u), of_c = product(c, 0xCD9E8D57u);
            a = (of_c >> 32) ^ b ^ (zero + low);
            c = (of_a >> 32) ^ d ^ (zero + high);
            b = of_c;
            d = of_a;
        }
        counters low_half = zero + 0xffffffffu;
        *(counters *)(void *)&words_of[0][from] = a & low_half;
        *(counters *)(void *)&words_of[1][from] = b & low_half;
        *(counters *)(void *)&words_of[2][from] = c & low_half;
        *(counters *)(void *)&words_of[3][from] = d & low_half;
    }
}

INLINE double gumbel_of(uint64_t word) {
    return -log(-log(((double)word + 0.5) * 0x1p-32));
}

struct leader { double score; size_t token; };

/* Whether a word is at least from; where none is, no token of the block can win. */
INLINE int any_from(uint64_t words_of[4][TOKEN_BLOCK / 4], uint64_t from) {
    counters found = {0};
    for (int i = 0; i < 4; i++)
        for (size_t j = 0; j < TOKEN_BLOCK / 4; j += COUNTERS)
            found |= (counters)(*(counters *)(void *)&words_of[i][j] >= (counters){0} + from);
    uint64_t any = 0;
    for (size_t i = 0; i < COUNTERS; i++) any |= found[i];
    return any != 0;
}

static struct leader race_block(struct logits in, const struct drawing *how, float least, size_t b,
                                uint64_t words_of[4][TOKEN_BLOCK / 4], struct leader leader) {
    for (size_t t = b * TOKEN_BLOCK; t < smaller(in.n, (b + 1) * TOKEN_BLOCK); t++) {
        double scaled = ((double)in.row[t] - in.most) / how->temperature;
        if (!(in.row[t] >= least && scaled >= how->least)) continue;
        /* No number's noise is above ln 2^33. */
        if (scaled + 22.9 < leader.score) continue;
        double score = scaled + gumbel_of(words_of[t % 4][t % TOKEN_BLOCK / 4]);
        if (score > leader.score || (score == leader.score && t < leader.token))
            leader = (struct leader){score, t};
    }
    return leader;
}

static int64_t race(struct logits in, const struct drawing *how, float least) {
    _Alignas(64) uint64_t words_of[4][TOKEN_BLOCK / 4];
    float sharpness = sharpness_of(how->temperature), chances[LANES];
    size_t blocks = (in.n + TOKEN_BLOCK - 1) / TOKEN_BLOCK, own = how->first / TOKEN_BLOCK;
    block_words(own, how, words_of);
    uint64_t word = words_of[how->first % 4][how->first % TOKEN_BLOCK / 4];
    struct leader leader = {gumbel_of(word), how->first};
    double behind = exp(-leader.score), lightest = exp(how->least) * 0.9999;
    for (size_t b = 0; b < blocks; b++) {
        if (b % LANES == 0) { /* e to the scaled largest of each of the next blocks */
            floats most = all(-INFINITY);
            for (size_t i = 0; i < smaller(LANES, blocks - b); i++) most[i] = in.maxima[b + i];
            *(unaligned_floats *)chances = exp_of((most - in.most) * sharpness);
        }
        /* A token wins where -ln u <= e^(scaled - score), and 1 - u is less than -ln u. */
        double bound = chances[b % LANES] * behind * 1.00001;
        if (in.maxima[b] < least || chances[b % LANES] < lightest || bound < 0x1p-34) continue;
        block_words(b, how, words_of);
        if (bound < 1 && !any_from(words_of, (uint64_t)fmax((1 - bound) * 0x1p32 - 2, 0))) continue;
        struct leader found = race_block(in, how, least, b, words_of, leader);
        if (found.token != leader.token) behind = exp(-found.score);
        leader = found;
    }
    return (int64_t)leader.token;
}
