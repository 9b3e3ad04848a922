/* What one call of a kernel computes: a few rows times as many outputs as registers hold, over some
 * of the inputs. */
#pragma once
#include "vectors.h"

struct tile {
    const uint8_t *weights; /* of the whole strip, at the first input */
    size_t inputs;
    size_t column; /* the first of its strip's outputs */
    const uint8_t *x; /* prepared, at the tile's first input */
    size_t x_stride;  /* bytes from row to row */
    float *y;
    size_t y_stride; /* floats */
    size_t ahead;    /* bytes from what is read to what will be */
    int begins;      /* whether y holds nothing yet */
};

#define UNROLLED _Pragma("GCC unroll 8")

/* One for every line of the cache, so only where a vector is one. */
INLINE void prefetch(const uint8_t *at) {
    if (VECTOR_BYTES == 64) __builtin_prefetch(at);
}

INLINE floats sum_so_far(const struct tile *tile, int row, int column) {
    const float *y = tile->y + (size_t)row * tile->y_stride + tile->column + column * LANES;
    return tile->begins ? (floats){0} : *(const unaligned_floats *)(const void *)y;
}

INLINE void keep_sum(const struct tile *tile, int row, int column, floats sum) {
    float *y = tile->y + (size_t)row * tile->y_stride + tile->column + column * LANES;
    *(unaligned_floats *)(void *)y = sum;
}
