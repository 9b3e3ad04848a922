/* Scores: queries times keys, and what chances they are. A score is summed over a head's elements in
 * their order. */
#pragma once
#include "attending.h"

/* Scores of some of a pack's queries with every position of some blocks; blocks beyond the last that
 * there is are this one again. */
INLINE void score_blocks(int is_wide, int rows, int count, const struct attending *a, size_t block,
                         size_t last, const uint8_t *queries, float *scores) {
    enum { MOST = 16, FEW = 4 }; /* rows, with which sums wait for memory: values are fetched early */
    size_t values = half_block_bytes(is_wide, a->width);
    int columns = count * BLOCK_VECTORS;
    floats sums[MOST];
    const uint8_t *keys[MOST];
    UNROLLED_16 for (int b = 0; b < count; b++) keys[b] = keys_of(a, smaller(block + b, last));
    UNROLLED_16 for (int i = 0; i < rows * columns; i++) sums[i] = (floats){0};
    const uint8_t *end = queries + a->width / word_elements(is_wide) * PACK * word_bytes(is_wide);
    for (; queries < end; queries += PACK * word_bytes(is_wide))
        UNROLLED_16 for (int c = 0; c < columns; c++) {
            words key = load_words(keys[c / BLOCK_VECTORS]);
            UNROLLED_16 for (int r = 0; r < rows; r++) {
                const uint8_t *query = queries + r * word_bytes(is_wide);
                sums[r * columns + c] = dot_words(is_wide, sums[r * columns + c], key, query);
            }
            if (rows <= FEW) __builtin_prefetch(keys[c / BLOCK_VECTORS] + values);
            keys[c / BLOCK_VECTORS] += VECTOR_BYTES;
        }
    UNROLLED_16 for (int r = 0; r < rows; r++)
        UNROLLED_16 for (int c = 0; c < columns; c++)
            *(floats *)(void *)(scores + r * SPAN + c * LANES) = sums[r * columns + c];
}

INLINE void score_rows(int is_wide, int rows, int at_once, const struct attending *a, size_t first,
                       size_t count, const uint8_t *queries, float *scores) {
    for (size_t b = 0; b < count; b += at_once)
        score_blocks(is_wide, rows, at_once, a, first + b, first + count - 1, queries,
                     scores + b * BLOCK_TOKENS);
}

/* As many rows, and blocks of count, at once as keep the processor busy; some rows may be nobody's. */
INLINE void score_pack(int is_wide, const struct attending *a, size_t pack, size_t rows, size_t first,
                       size_t count) {
    size_t lines = a->width / word_elements(is_wide);
    const uint8_t *queries = a->queries + pack * lines * PACK * word_bytes(is_wide);
    float *scores = a->scores;
#if LANES == 16
    if (rows > 8) score_rows(is_wide, 16, 1, a, first, count, queries, scores);
    else if (rows > 4) score_rows(is_wide, 8, 2, a, first, count, queries, scores);
    else if (rows == 4) score_rows(is_wide, 4, 4, a, first, count, queries, scores);
    else if (rows == 3) score_rows(is_wide, 3, 4, a, first, count, queries, scores);
    else if (rows == 2) score_rows(is_wide, 2, 4, a, first, count, queries, scores);
    else score_rows(is_wide, 1, 8, a, first, count, queries, scores);
#else
    enum { ROWS = LANES == 8 ? 4 : 2 };
    for (size_t r = 0; r < rows; r += ROWS) {
        const uint8_t *some = queries + r * word_bytes(is_wide);
        if (rows == 1) score_rows(is_wide, 1, ROWS, a, first, count, some, scores);
        else score_rows(is_wide, ROWS, 1, a, first, count, some, scores + r * SPAN);
    }
#endif
}

/* A row's scores become chances, relative to the highest of them. */
INLINE void weigh(int is_wide, const struct attending *a, size_t r, size_t visible, size_t positions,
                  struct mixture *mixture) {
    float *scores = a->scores + r * SPAN;
    uint8_t *chances = a->chances + r * SPAN * element_bytes(is_wide);
    floats most = all(-__builtin_inff()), total = {0};
    for (size_t i = visible; i < positions; i++) scores[i] = -__builtin_inff();
    for (size_t i = 0; i < positions; i += LANES)
        most = higher(most, *(const floats *)(const void *)(scores + i));
    float highest = largest_lane(most);
    floats scale = all(a->scale), least = all(-highest * a->scale);
    for (size_t i = 0; i < positions; i += LANES) {
        floats score = *(const floats *)(const void *)(scores + i);
        floats chance = power_of_two(fused(score, scale, least));
        put_elements(is_wide, chances + i * element_bytes(is_wide), chance);
        total += chance;
    }
    mixture->highest[r] = highest;
    mixture->totals[r] = sum_of(total);
}
