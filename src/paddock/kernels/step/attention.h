/* Attention over the blocks of a sequence: some rows (queries of a KV head) that see the same blocks.
 *
 * The cache of one block and KV head is the keys, then the values, in words of four bytes: two
 * bfloat16, or one float32 where it is wide. Keys: word w of all 16 positions side by side; a word is
 * two (one) of a head's elements. Values: a line for two (one) positions, word h of it their elements h.
 * Heads are as wide as the next multiple of 16; the elements beyond are zero since the memory is new.
 *
 * A query's sums run over elements, positions and spans of 256 positions in the order of their numbers,
 * counted from the sequence's start; what lies beyond its own position in its last block is never
 * touched arithmetically. So its bits do not depend on which queries are computed with it.
 */
#pragma once
#include "rows.h"
#include "step.h"

enum {
    SPAN_BLOCKS = 16,
    SPAN = SPAN_BLOCKS * BLOCK_TOKENS,
    PACK = 16,      /* queries whose words lie side by side */
    TILE_ROWS = 64, /* queries that share a pass over a span */
    BLOCK_VECTORS = BLOCK_TOKENS / LANES,
    VALUE_COLUMNS = 4, /* vectors of a head, and rows, summed at once */
    VALUE_ROWS = LANES == 16 ? 4 : 2,
};

#define UNROLLED_16 _Pragma("GCC unroll 16")

/* One tile's work. Pointers to what is written belong to the thread. */
struct attending {
    int is_wide;
    size_t width;         /* of a head, a multiple of 16 */
    float scale;          /* of scores, times log2(e) */
    const uint8_t *cache; /* of this layer and KV head, at block 0 */
    size_t block_stride;  /* bytes */
    const int32_t *table; /* of the sequence's blocks */
    size_t rows;
    size_t seen[TILE_ROWS]; /* positions that each row may look at, its own included */
    uint8_t *queries;       /* [TILE_ROWS / PACK, words of a head, PACK] */
    float *scores;          /* [PACK, SPAN] */
    uint8_t *chances;       /* [PACK, SPAN] of elements */
    float *sums;            /* [TILE_ROWS, width] of values, by chances */
    floats *totals;         /* [TILE_ROWS] of chances, lane by lane */
    float *highest;         /* [TILE_ROWS] of scores */
    float factors[PACK];    /* of what was summed before this span */
};

/* Elements beside the cache's: what dot_bfloats takes, or float32. */
INLINE size_t element_bytes(int is_wide) { return is_wide ? sizeof(float) : sizeof(beside_bfloat); }
INLINE size_t word_elements(int is_wide) { return is_wide ? 1 : 2; }
INLINE size_t word_bytes(int is_wide) { return word_elements(is_wide) * element_bytes(is_wide); }

/* Bytes of a block's keys, and of its values, of one head. */
INLINE size_t half_block_bytes(int is_wide, size_t width) {
    return width / word_elements(is_wide) * BLOCK_TOKENS * sizeof(uint32_t);
}

INLINE floats dot_words(int is_wide, floats sum, words cached, const uint8_t *x) {
    if (is_wide) return fused((floats)cached, all(*(const float *)(const void *)x), sum);
    return dot_bfloats(sum, cached, (const beside_bfloat *)(const void *)x);
}

INLINE const uint8_t *keys_of(const struct attending *a, size_t block) {
    return a->cache + (size_t)a->table[block] * a->block_stride;
}

INLINE void put_elements(int is_wide, uint8_t *to, floats values) {
#ifdef __AVX512BF16__
    if (!is_wide) {
        *(__m256i_u *)(void *)to = (__m256i)_mm512_cvtneps_pbh((__m512)values);
        return;
    }
#endif
    (void)is_wide; /* elsewhere both are float32 */
    *(unaligned_floats *)(void *)to = values;
}

/* Scores of some of a pack's queries with every position of some blocks. */
INLINE void score_blocks(int is_wide, int rows, int count, const struct attending *a, size_t block,
                         size_t last, const uint8_t *queries, float *scores) {
    enum { MOST = 16, FEW = 4 };
    int columns = count * BLOCK_VECTORS;
    floats sums[MOST];
    const uint8_t *keys[MOST], *next[MOST];
    size_t values = half_block_bytes(is_wide, a->width);
    UNROLLED_16 for (int b = 0; b < count; b++) {
        keys[b] = keys_of(a, block + b);
        next[b] = keys_of(a, block + b + count <= last ? block + b + count : block + b);
    }
    UNROLLED_16 for (int i = 0; i < rows * columns; i++) sums[i] = (floats){0};
    size_t lines = a->width / word_elements(is_wide);
    for (size_t w = 0; w < lines; w++, queries += PACK * word_bytes(is_wide))
        UNROLLED_16 for (int c = 0; c < columns; c++) {
            size_t at = (w * BLOCK_VECTORS + c % BLOCK_VECTORS) * VECTOR_BYTES;
            words key = load_words(keys[c / BLOCK_VECTORS] + at);
            if (rows <= FEW) { /* memory is slower than the sums: the values, and the next keys */
                __builtin_prefetch(keys[c / BLOCK_VECTORS] + values + at, 0, 2);
                __builtin_prefetch(next[c / BLOCK_VECTORS] + at);
            }
            UNROLLED_16 for (int r = 0; r < rows; r++) {
                const uint8_t *query = queries + r * word_bytes(is_wide);
                sums[r * columns + c] = dot_words(is_wide, sums[r * columns + c], key, query);
            }
        }
    UNROLLED_16 for (int r = 0; r < rows; r++)
        UNROLLED_16 for (int c = 0; c < columns; c++)
            *(floats *)(void *)(scores + r * SPAN + c * LANES) = sums[r * columns + c];
}

/* As many blocks at once as keep the processor busy, then one by one. */
INLINE void score_rows(int is_wide, int rows, int at_once, const struct attending *a, size_t first,
                       size_t count, const uint8_t *queries, float *scores) {
    size_t b = 0, last = (a->seen[0] - 1) / BLOCK_TOKENS;
    for (; b + at_once <= count; b += at_once)
        score_blocks(is_wide, rows, at_once, a, first + b, last, queries, scores + b * BLOCK_TOKENS);
    for (; b < count; b++)
        score_blocks(is_wide, rows, 1, a, first + b, last, queries, scores + b * BLOCK_TOKENS);
}

INLINE void score_pack(int is_wide, const struct attending *a, size_t pack, size_t rows, size_t first,
                       size_t count) {
    size_t lines = a->width / word_elements(is_wide);
    const uint8_t *queries = a->queries + pack * lines * PACK * word_bytes(is_wide);
    float *scores = a->scores;
#if LANES == 16
    if (rows > 8) score_rows(is_wide, 16, 1, a, first, count, queries, scores);
    else if (rows > 4) score_rows(is_wide, 8, 2, a, first, count, queries, scores);
    else if (rows > 1) score_rows(is_wide, 4, 4, a, first, count, queries, scores);
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

/* A row's scores become chances, relative to the highest score so far; gives the factor that brings
 * what was summed before to that measure. */
INLINE float weigh(int is_wide, const struct attending *a, size_t row, float *scores, uint8_t *chances,
                   size_t visible, size_t positions) {
    floats highest = all(-__builtin_inff());
    for (size_t i = visible; i < positions; i++) scores[i] = -__builtin_inff();
    for (size_t i = 0; i < positions; i += LANES)
        highest = higher_of(highest, *(const floats *)(const void *)(scores + i));
    float before = a->highest[row], now = highest_of(highest);
    now = before > now ? before : now;
    floats scale = all(a->scale), least = all(-now * a->scale);
    float factor = power_of_two(all((before - now) * a->scale))[0];
    floats total = a->totals[row] * factor;
    for (size_t i = 0; i < positions; i += LANES) {
        floats score = *(const floats *)(const void *)(scores + i);
        floats chance = power_of_two(fused(score, scale, least));
        put_elements(is_wide, chances + i * element_bytes(is_wide), chance);
        total += chance;
    }
    a->highest[row] = now;
    a->totals[row] = total;
    return factor;
}

/* Sums of values of whole blocks: some rows from row r of a pack on, some vectors from element h. */
INLINE void sum_columns(int is_wide, int columns, const struct attending *a, size_t pack, size_t r,
                        size_t h, size_t first, size_t count) {
    enum { ROWS = VALUE_ROWS };
    floats held[ROWS * VALUE_COLUMNS];
    size_t element = element_bytes(is_wide), line = a->width * sizeof(uint32_t);
    size_t lines = BLOCK_TOKENS / word_elements(is_wide);
    float *sums = a->sums + (pack * PACK + r) * a->width + h;
    const uint8_t *chances = a->chances + r * SPAN * element;
    UNROLLED_16 for (int i = 0; i < ROWS * columns; i++) {
        const float *sum = sums + i / columns * a->width + i % columns * LANES;
        held[i] = *(const floats *)(const void *)sum * a->factors[r + i / columns];
    }
    for (size_t b = 0; b < count; b++) {
        const uint8_t *values = keys_of(a, first + b) + half_block_bytes(is_wide, a->width);
        values += h * sizeof(uint32_t);
        for (size_t p = 0; p < lines; p++, values += line, chances += word_bytes(is_wide))
            UNROLLED_16 for (int c = 0; c < columns; c++) {
                words value = load_words(values + c * VECTOR_BYTES);
                UNROLLED_16 for (int i = c; i < ROWS * columns; i += columns)
                    held[i] = dot_words(is_wide, held[i], value, chances + i / columns * SPAN * element);
            }
    }
    UNROLLED_16 for (int i = 0; i < ROWS * columns; i++)
        *(floats *)(void *)(sums + i / columns * a->width + i % columns * LANES) = held[i];
}

INLINE void sum_values(int is_wide, const struct attending *a, size_t pack, size_t rows, size_t first,
                       size_t count) {
    for (size_t r = 0; r < rows; r += VALUE_ROWS) {
        size_t h = 0;
        for (; h + VALUE_COLUMNS * LANES <= a->width; h += VALUE_COLUMNS * LANES)
            sum_columns(is_wide, VALUE_COLUMNS, a, pack, r, h, first, count);
        for (; h < a->width; h += LANES) sum_columns(is_wide, 1, a, pack, r, h, first, count);
    }
}

/* The last block of a row: values beyond what it may see are left out, whatever they are. */
INLINE void sum_last_values(int is_wide, const struct attending *a, size_t row, size_t block,
                            const uint8_t *chances, size_t visible) {
    const uint8_t *values = keys_of(a, block) + half_block_bytes(is_wide, a->width);
    float *sums = a->sums + row * a->width;
    size_t line = a->width * sizeof(uint32_t);
    for (size_t h = 0; h < a->width; h += LANES) {
        const uint8_t *value = values + h * sizeof(uint32_t), *chance = chances;
        floats sum = *(const floats *)(const void *)(sums + h);
        for (size_t i = 0; i < visible; i += word_elements(is_wide), value += line) {
            words pair = load_words(value);
            if (!is_wide && i + 1 == visible) pair &= 0xffffu;
            sum = dot_words(is_wide, sum, pair, chance);
            chance += word_bytes(is_wide);
        }
        *(floats *)(void *)(sums + h) = sum;
    }
}

/* A pack's part of a span; rows from a->rows on are nobody's. */
INLINE void attend_span(int is_wide, struct attending *a, size_t pack, size_t first, size_t blocks) {
    size_t row = pack * PACK, rows = a->rows - row < PACK ? a->rows - row : PACK;
    size_t count = blocks - first < SPAN_BLOCKS ? blocks - first : SPAN_BLOCKS;
    int is_last = first + count == blocks;
    size_t whole = is_last ? count - 1 : count, positions = count * BLOCK_TOKENS;
    score_pack(is_wide, a, pack, rows, first, count);
    for (size_t r = 0; r < rows; r++) {
        size_t visible = is_last ? a->seen[row + r] - first * BLOCK_TOKENS : positions;
        a->factors[r] = weigh(is_wide, a, row + r, a->scores + r * SPAN,
                              a->chances + r * SPAN * element_bytes(is_wide), visible, positions);
    }
    sum_values(is_wide, a, pack, rows, first, whole);
    for (size_t r = 0; is_last && r < rows; r++) {
        size_t at = (r * SPAN + whole * BLOCK_TOKENS) * element_bytes(is_wide);
        size_t visible = a->seen[row + r] - (first + whole) * BLOCK_TOKENS;
        sum_last_values(is_wide, a, row + r, first + whole, a->chances + at, visible);
    }
}

/* Mix the values that each row sees, by its chances: into sums. All rows end in the same block. */
INLINE void attend_rows(int is_wide, struct attending *a) {
    size_t blocks = (a->seen[0] + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    size_t rows = (a->rows + VALUE_ROWS - 1) / VALUE_ROWS * VALUE_ROWS; /* that are summed */
    memset(a->sums, 0, rows * a->width * sizeof *a->sums);
    for (size_t row = 0; row < rows; row++) {
        a->totals[row] = (floats){0};
        a->highest[row] = -__builtin_inff();
    }
    for (size_t first = 0; first < blocks; first += SPAN_BLOCKS)
        for (size_t pack = 0; pack * PACK < a->rows; pack++)
            attend_span(is_wide, a, pack, first, blocks);
    for (size_t row = 0; row < a->rows; row++) {
        floats share = all(1.0f / sum_of(a->totals[row]));
        for (size_t h = 0; h < a->width; h += LANES)
            *(floats *)(void *)(a->sums + row * a->width + h) *= share;
    }
}

APART void attend(struct attending *a) {
    if (a->is_wide) attend_rows(1, a);
    else attend_rows(0, a);
}
