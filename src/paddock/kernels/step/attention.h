/* Attention over the blocks of a sequence: some rows (queries of a KV head) that see the same blocks.
 *
 * A sequence is cut into spans of 256 positions, counted from its start. Each span is mixed by itself,
 * and the mixtures are put together in the order of the spans, whoever made them. What lies beyond a
 * row's own position in its last block is never touched arithmetically. So a row's bits do not depend
 * on which rows are computed with it, nor on how many threads share a sequence.
 */
#pragma once
#include "scores.h"
#include "values.h"

/* A row's chances of the last block weigh the values that it sees there. */
INLINE void end_rows(int is_wide, const struct attending *a, size_t row, size_t rows, size_t span,
                     size_t whole, float *sums) {
    size_t block = span * SPAN_BLOCKS + whole;
    for (size_t r = 0; r < rows; r++) {
        size_t at = (r * SPAN + whole * BLOCK_TOKENS) * element_bytes(is_wide);
        size_t visible = a->seen[row + r] - block * BLOCK_TOKENS;
        sum_last_values(is_wide, a, block, a->chances + at, visible, sums + r * a->width);
    }
}

/* A pack's mixture of one span. All rows of a tile end in the same block. */
INLINE void mix_pack(int is_wide, const struct attending *a, size_t pack, size_t span,
                     struct mixture *mixture) {
    size_t row = pack * PACK, rows = smaller(a->rows - row, PACK), first = span * SPAN_BLOCKS;
    size_t blocks = (a->seen[0] + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    size_t count = smaller(blocks - first, SPAN_BLOCKS), positions = count * BLOCK_TOKENS;
    int is_last = first + count == blocks;
    score_pack(is_wide, a, pack, rows, first, count);
    for (size_t r = 0; r < rows; r++) {
        size_t visible = is_last ? a->seen[row + r] - first * BLOCK_TOKENS : positions;
        weigh(is_wide, a, r, visible, positions, mixture);
    }
    sum_values(is_wide, a, rows, first, count - (size_t)is_last, mixture->sums);
    if (is_last) end_rows(is_wide, a, row, rows, span, count - 1, mixture->sums);
}

APART void mix_span(const struct attending *a, size_t pack, size_t span, struct mixture *mixture) {
    if (a->is_wide) mix_pack(1, a, pack, span, mixture);
    else mix_pack(0, a, pack, span, mixture);
}

/* The next span's mixture is put to that of all before, of one row. */
INLINE void add_mixture(const struct attending *a, size_t r, const struct mixture *next,
                        struct mixture *sum) {
    float *sums = sum->sums + r * a->width, ahead = (next->highest[r] - sum->highest[r]) * a->scale;
    const float *more = next->sums + r * a->width;
    float factor = power_of_two(all(ahead > 0 ? -ahead : ahead))[0];
    floats old = all(ahead > 0 ? factor : 1.0f), new = all(ahead > 0 ? 1.0f : factor);
    for (size_t h = 0; h < a->width; h += LANES) {
        floats before = *(const floats *)(const void *)(sums + h) * old;
        *(floats *)(void *)(sums + h) = fused(*(const floats *)(const void *)(more + h), new, before);
    }
    sum->totals[r] = sum->totals[r] * old[0] + next->totals[r] * new[0];
    if (ahead > 0) sum->highest[r] = next->highest[r];
}

/* The shares of a row's values, which it sees. */
INLINE void divide(const struct attending *a, size_t r, const struct mixture *sum, float *out,
                   size_t count) {
    floats share = all(1.0f / sum->totals[r]);
    const float *sums = sum->sums + r * a->width;
    for (size_t h = 0; h < count; h += LANES)
        store_some(out + h, count - h, *(const floats *)(const void *)(sums + h) * share);
}
