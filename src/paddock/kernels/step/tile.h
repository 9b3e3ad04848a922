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
    int begins;      /* whether y holds nothing yet */
    /* What will be read next is fetched meanwhile: of every so many pieces the one whose turn it is,
     * so that all rows that meet a tile share the fetching of the next. */
    size_t ahead; /* bytes from what is read */
    unsigned turns, turn;
};

#define UNROLLED _Pragma("GCC unroll 32")

/* Called for every piece of so many bytes, a whole number of lines of the cache. */
INLINE void fetch_ahead(struct tile *tile, const uint8_t *piece, size_t bytes) {
    if (tile->turn--) return;
    tile->turn = tile->turns - 1;
    UNROLLED for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(piece + tile->ahead + i);
}

INLINE floats sum_so_far(const struct tile *tile, int row, int column) {
    const float *y = tile->y + (size_t)row * tile->y_stride + tile->column + column * LANES;
    return tile->begins ? (floats){0} : *(const unaligned_floats *)(const void *)y;
}

INLINE void keep_sum(const struct tile *tile, int row, int column, floats sum) {
    float *y = tile->y + (size_t)row * tile->y_stride + tile->column + column * LANES;
    *(unaligned_floats *)(void *)y = sum;
}
