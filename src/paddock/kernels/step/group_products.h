/* Products with weights in groups of 32 codes: Q8, Q4 and Q4K.
 *
 * Codes stand as unsigned numbers with an offset and activations as signed bytes with one scale for a
 * group, so a group's products are summed exactly in integers. What the offset adds depends on the
 * activations alone: the sum starts below zero by as much.
 */
#pragma once
#include "tile.h"

enum { GROUP_ROWS = LANES == 16 ? 6 : 2, GROUP_COLUMNS = 2 };

/* A group of activations. NaN or infinity among them makes the scale NaN, and so the whole row. */
struct activations {
    int8_t codes[GROUP];
    float scale;
    union {
        int32_t start; /* Q8, Q4: minus the offset times the sum of codes */
        float sum;     /* Q4K: of the activations that the codes stand for */
    };
};

/* Scales of the group in every lane: a code is worth step * code - minimum. */
struct group_scale {
    floats step, minimum;
};

INLINE struct group_scale scale_of(int kind, const uint8_t *super, int g, size_t column) {
    struct group_scale scale = {0};
    if (kind != M_Q4K) {
        size_t after = kind == M_Q8 ? 8 * WORD_LINE : 4 * WORD_LINE;
        scale.step = load_halves(super + after + 2 * column);
        return scale;
    }
    const uint8_t *pair = super + Q4K_HEAD_BYTES + g / 2 * Q4K_PAIR_BYTES + column;
    words low = load_bytes(pair + g % 2 * PANEL);
    words high = load_bytes(pair + 2 * PANEL) >> (g % 2 * 4);
    ints step = (ints)((low & 15) | ((high & 3) << 4));
    ints minimum = (ints)((low >> 4) | ((high & 12) << 2));
    scale.step = load_halves(super + 2 * column) * floats_of(step);
    scale.minimum = load_halves(super + HALF_LINE + 2 * column) * floats_of(minimum);
    return scale;
}

/* Two words of codes: inputs 4 w to 4 w + 3, and 16 more. */
INLINE void load_codes(int kind, const uint8_t *line, words *low, words *high) {
    words loaded = load_words(line);
    if (kind == M_Q8) {
        *low = loaded;
        *high = load_words(line + 4 * WORD_LINE);
    } else {
        *low = loaded & 0x0f0f0f0fu;
        *high = (loaded >> 4) & 0x0f0f0f0fu;
    }
}

INLINE int32_t quad_of(const struct activations *x, int word) {
    int32_t quad;
    memcpy(&quad, x->codes + 4 * word, 4);
    return quad;
}

INLINE void multiply_group(int kind, int rows, const struct tile *tile, const uint8_t *group, int g,
                           const uint8_t *x, floats sums[GROUP_ROWS][GROUP_COLUMNS]) {
    ints dots[GROUP_ROWS][GROUP_COLUMNS];
    const struct activations *row[GROUP_ROWS];
    const uint8_t *lines = group + 4 * tile->column;
    if (kind == M_Q4K) lines += Q4K_HEAD_BYTES + g / 2 * Q4K_PAIR_BYTES + 3 * PANEL + g % 2 * 4 * WORD_LINE;
    UNROLLED for (int r = 0; r < rows; r++) {
        row[r] = (const struct activations *)(const void *)(x + r * tile->x_stride);
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
            dots[r][c] = all_ints(kind == M_Q4K ? 0 : row[r]->start);
    }
    UNROLLED for (int w = 0; w < 4; w++) {
        words low[GROUP_COLUMNS], high[GROUP_COLUMNS];
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
            load_codes(kind, lines + w * WORD_LINE + c * VECTOR_BYTES, &low[c], &high[c]);
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
                dots[r][c] = dot_codes(dots[r][c], low[c], quad_of(row[r], w), kind == M_Q8);
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
                dots[r][c] = dot_codes(dots[r][c], high[c], quad_of(row[r], w + 4), kind == M_Q8);
    }
    UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++) {
        struct group_scale scale = scale_of(kind, group, g, tile->column + c * LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            floats step = scale.step * all(row[r]->scale);
            sums[r][c] = fused(floats_of(dots[r][c]), step, sums[r][c]);
            if (kind == M_Q4K) sums[r][c] = fused(scale.minimum, all(-row[r]->sum), sums[r][c]);
        }
    }
}

INLINE void multiply_groups(int kind, int rows, struct tile tile) {
    floats sums[GROUP_ROWS][GROUP_COLUMNS];
    size_t group_bytes = kind == M_Q8 ? Q8_GROUP_BYTES : Q4_GROUP_BYTES;
    const uint8_t *group = tile.weights, *x = tile.x;
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++) sums[r][c] = sum_so_far(&tile, r, c);
    if (kind == M_Q4K)
        for (size_t i = 0; i < tile.inputs / SUPER_GROUP; i++, group += Q4K_SUPER_BYTES)
            for (int g = 0; g < 8; g++, x += sizeof(struct activations))
                multiply_group(kind, rows, &tile, group, g, x, sums);
    else
        for (size_t i = 0; i < tile.inputs / GROUP; i++, group += group_bytes) {
            multiply_group(kind, rows, &tile, group, 0, x, sums);
            x += sizeof(struct activations);
        }
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++) keep_sum(&tile, r, c, sums[r][c]);
}

static void prepare_groups(int kind, const float *x, size_t inputs, struct activations *prepared) {
    for (size_t g = 0; g < inputs / GROUP; g++, x += GROUP, prepared++) {
        uint32_t largest = largest_magnitude(x, GROUP);
        float scale = float_of(largest) / 127.0f, inverse = inverse_of(scale);
        int32_t sum = 0;
        if (largest >= INFINITY_BITS) scale = float_of(0x7fc00000u), inverse = 0.0f;
        for (int i = 0; i < GROUP; i++) {
            int32_t code = (int32_t)nearest(inverse == 0.0f ? 0.0f : x[i] * inverse);
            prepared->codes[i] = (int8_t)code;
            sum += code;
        }
        prepared->scale = scale;
        if (kind == M_Q4K)
            prepared->sum = scale * (float)sum;
        else
            prepared->start = -sum * (kind == M_Q8 ? Q8_OFFSET : Q4_OFFSET);
    }
}
