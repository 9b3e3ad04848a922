/* Products with weights in float32 and bfloat16: one sum for every output, input after input. */
#pragma once
#include "tile.h"

enum { FLOAT_ROWS = 8, FLOAT_COLUMNS = LANES == 16 ? 4 : 8 }; /* at most */

/* Vectors of outputs, so many that no sum waits for itself and few enough that all stay in registers. */
INLINE int float_columns(int rows) {
    return LANES == 16 ? 4 : rows == 1 ? 8 : rows <= 3 ? 4 : 2;
}

INLINE floats with_line(int kind, floats sum, words weights, const uint8_t *x, size_t line) {
    if (kind == M_F32)
        return fused((floats)weights, all(((const float *)(const void *)x)[line]), sum);
    return dot_bfloats(sum, weights, (const beside_bfloat *)(const void *)x + 2 * line);
}

INLINE void multiply_floats(int kind, int rows, struct tile tile) {
    floats sums[FLOAT_ROWS][FLOAT_COLUMNS];
    const int columns = float_columns(rows);
    size_t lines = kind == M_F32 ? tile.inputs : (tile.inputs + 1) / 2;
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < columns; c++) sums[r][c] = sum_so_far(&tile, r, c);
    for (size_t i = 0; i < lines; i++) {
        const uint8_t *line = tile.weights + 4 * tile.column + i * FLOAT_LINE;
        words weights[FLOAT_COLUMNS];
        UNROLLED for (int c = 0; c < columns; c++)
            weights[c] = load_words(line + c * VECTOR_BYTES);
        fetch_ahead(&tile, line, (size_t)columns * VECTOR_BYTES);
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < columns; c++)
                sums[r][c] = with_line(kind, sums[r][c], weights[c], tile.x + r * tile.x_stride, i);
    }
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < columns; c++) keep_sum(&tile, r, c, sums[r][c]);
}

static void prepare_floats(const float *x, size_t inputs, float *prepared) {
    memcpy(prepared, x, inputs * sizeof *x);
}

static void prepare_bfloats(const float *x, size_t inputs, beside_bfloat *prepared) {
    for (size_t i = 0; i < inputs; i++) prepared[i] = beside_bfloat_of(x[i]);
    if (inputs % 2) prepared[inputs] = 0;
}
