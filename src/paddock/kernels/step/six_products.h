/* Products with weights in groups of 16 codes of six bits: Q6K. */
#pragma once
#include "group_products.h"

enum { SIX_ROWS = 6 };

/* Four codes of every output: the low bits of two words lie in one line, the high of four in one. */
INLINE words six_bits(words low, words high, int word) {
    words nibbles = (word < 2 ? low : low >> 4) & 0x0f0f0f0fu;
    words above = word == 3 ? high >> 2 : high << (4 - 2 * word);
    return nibbles | (above & 0x30303030u);
}

/* What a code is worth in a group, for LANES outputs. */
INLINE floats six_step(const uint8_t *super, int group, size_t column) {
    const uint8_t *scales = super + SIX_SCALES_AT + group * CODE_STRIP + column;
    return load_halves(super + 2 * column) * floats_of((ints)load_bytes(scales) - 128);
}

INLINE void multiply_six_group(int rows, const struct tile *tile, const uint8_t *super, int group,
                               const uint8_t *x, floats sums[SIX_ROWS][GROUP_COLUMNS]) {
    const uint8_t *lines = super + SIX_CODES_AT + group * SIX_GROUP_BYTES + 4 * tile->column;
    const struct six_activations *row[SIX_ROWS];
    ints dots[SIX_ROWS][GROUP_COLUMNS];
    words high[GROUP_COLUMNS];
    UNROLLED for (int c = 0; c < group_columns(rows); c++)
        high[c] = load_words(lines + 2 * CODE_LINE + c * VECTOR_BYTES);
    UNROLLED for (int r = 0; r < rows; r++) {
        row[r] = (const struct six_activations *)(const void *)(x + r * tile->x_stride);
        UNROLLED for (int c = 0; c < group_columns(rows); c++) dots[r][c] = all_ints(row[r]->start);
    }
    UNROLLED for (int w = 0; w < 4; w++)
        UNROLLED for (int c = 0; c < group_columns(rows); c++) {
            words low = load_words(lines + w % 2 * CODE_LINE + c * VECTOR_BYTES);
            words codes = six_bits(low, high[c], w);
            UNROLLED for (int r = 0; r < rows; r++)
                dots[r][c] = dot_codes(dots[r][c], codes, quad_at(row[r]->codes, w), 0);
        }
    UNROLLED for (int c = 0; c < group_columns(rows); c++) {
        floats step = six_step(super, group, tile->column + (size_t)c * LANES);
        UNROLLED for (int r = 0; r < rows; r++)
            sums[r][c] = fused(floats_of(dots[r][c]), step * all(row[r]->scale), sums[r][c]);
    }
}

INLINE void multiply_sixes(int kind, int rows, struct tile tile) {
    floats sums[SIX_ROWS][GROUP_COLUMNS];
    const uint8_t *super = tile.weights, *x = tile.x;
    (void)kind;
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < group_columns(rows); c++) sums[r][c] = sum_so_far(&tile, r, c);
    for (size_t i = 0; i < tile.inputs / SUPER_GROUP; i++, super += Q6K_SUPER_BYTES) {
        fetch_ahead(&tile, super, SIX_CODES_AT);
        for (int group = 0; group < SUPER_GROUP / SIX_GROUP; group++) {
            fetch_ahead(&tile, super + SIX_CODES_AT + group * SIX_GROUP_BYTES, SIX_GROUP_BYTES);
            multiply_six_group(rows, &tile, super, group, x, sums);
            x += sizeof(struct six_activations);
        }
    }
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < group_columns(rows); c++) keep_sum(&tile, r, c, sums[r][c]);
}
