/* What attention works on: a block of the KV cache, and some queries of a KV head that see it.
 *
 * The cache of one block and KV head is the keys, then the values, in words of four bytes: two
 * bfloat16, or one float32 where it is wide. Keys: word w of all 16 positions side by side; a word is
 * two (one) of a head's elements. Values: a line for two (one) positions, word h of it their elements h.
 * Heads are as wide as the next multiple of 16; the elements beyond are zero since the memory is new.
 */
#pragma once
#include "rows.h"
#include "work.h"

enum {
    BLOCK_VECTORS = BLOCK_TOKENS / LANES,
    /* Blocks that are read side by side, which the processor fetches as so many streams: faster than
     * one after the other, each of which ends with its page. */
    STREAMS = LANES == 16 ? 4 : 1,
};

#define UNROLLED_16 _Pragma("GCC unroll 16")

/* What rows make of some positions, still to be divided by totals; of PACK rows. */
struct mixture {
    float *sums;             /* [PACK, width] of values, by chances */
    float *highest, *totals; /* [PACK] of scores; of chances, relative to the highest score */
};

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
};

/* Elements beside the cache's: what dot_bfloats takes, or float32. */
INLINE size_t element_bytes(int is_wide) { return is_wide ? sizeof(float) : sizeof(beside_bfloat); }
INLINE size_t word_elements(int is_wide) { return is_wide ? 1 : 2; }
INLINE size_t word_bytes(int is_wide) { return word_elements(is_wide) * element_bytes(is_wide); }

/* Bytes of a block's keys, and of its values, of one head. */
INLINE size_t half_block_bytes(int is_wide, size_t width) {
    return width / word_elements(is_wide) * BLOCK_TOKENS * sizeof(uint32_t);
}

INLINE const uint8_t *keys_of(const struct attending *a, size_t block) {
    return a->cache + (size_t)a->table[block] * a->block_stride;
}

INLINE const uint8_t *values_of(int is_wide, const struct attending *a, size_t block) {
    return keys_of(a, block) + half_block_bytes(is_wide, a->width);
}

INLINE floats dot_words(int is_wide, floats sum, words cached, const uint8_t *x) {
    if (is_wide) return fused((floats)cached, all(*(const float *)(const void *)x), sum);
    return dot_bfloats(sum, cached, (const beside_bfloat *)(const void *)x);
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
