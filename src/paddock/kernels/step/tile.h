/* What one call of a kernel computes: a few rows times a strip of a panel, over some of the inputs. */
#pragma once
#include "vectors.h"

struct tile {
    const uint8_t *weights; /* of the strip's first column; lines are those of whole panels */
    size_t inputs;
    const uint8_t *x; /* prepared, at the tile's first input */
    size_t x_stride;  /* bytes from row to row */
    float *y;
    size_t y_stride; /* floats */
    size_t ahead;    /* bytes from what is read to what will be */
    size_t column;   /* of the strip within its panel */
    int begins;      /* whether y holds nothing yet */
};

#define UNROLLED _Pragma("GCC unroll 8")

INLINE floats sum_so_far(const struct tile *tile, int row, int column) {
    const float *y = tile->y + (size_t)row * tile->y_stride + column * LANES;
    return tile->begins ? (floats){0} : *(const unaligned_floats *)(const void *)y;
}

INLINE void keep_sum(const struct tile *tile, int row, int column, floats sum) {
    float *y = tile->y + (size_t)row * tile->y_stride + column * LANES;
    *(unaligned_floats *)(void *)y = sum;
}
