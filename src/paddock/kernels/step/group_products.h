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
        int32_t start;   /* Q8, Q4: minus the offset times the sum of codes */
        float minus_sum; /* Q4K: of the activations that the codes stand for */
    };
};

/* Where a group's codes and scales are: its own for Q8 and Q4, for Q4K those of 256 inputs. */
struct group {
    const uint8_t *codes, *scales, *low, *high;
    int high_shift;
};

static inline int group_bytes(int kind) {
    return kind == M_Q8 ? Q8_GROUP_BYTES : kind == M_Q4 ? Q4_GROUP_BYTES : Q4K_SUPER_BYTES / 8;
}

/* In every lane: a code is worth step * code - minimum. */
struct group_scale {
    floats step, minimum;
};

INLINE struct group_scale scale_of(int kind, struct group group, int column) {
    struct group_scale scale = {load_halves(group.scales + 2 * column), {0}};
    if (kind == M_Q4K) {
        words low = load_bytes(group.low + column);
        words high = load_bytes(group.high + column) >> group.high_shift;
        floats minimum = load_halves(group.scales + STRIP_HALVES + 2 * column);
        scale.step *= floats_of((ints)((low & 15) | (high & 3) << 4));
        scale.minimum = minimum * floats_of((ints)(low >> 4 | (high & 12) << 2));
    }
    return scale;
}

/* Two words of codes of every output: inputs 4 w to 4 w + 3, and those 16 further. */
INLINE void load_codes(int kind, const uint8_t *line, words *near, words *far) {
    words loaded = load_words(line);
    if (kind == M_Q8) {
        *near = loaded;
        *far = load_words(line + 4 * CODE_LINE);
    } else {
        *near = loaded & 0x0f0f0f0fu;
        *far = (loaded >> 4) & 0x0f0f0f0fu;
    }
}

INLINE int32_t quad_of(const struct activations *x, int word) {
    int32_t quad;
    memcpy(&quad, x->codes + 4 * word, 4);
    return quad;
}

INLINE void multiply_group(int kind, int rows, const struct tile *tile, struct group group,
                           const uint8_t *x, floats sums[GROUP_ROWS][GROUP_COLUMNS]) {
    ints dots[GROUP_ROWS][GROUP_COLUMNS];
    const struct activations *row[GROUP_ROWS];
    UNROLLED for (int r = 0; r < rows; r++) {
        row[r] = (const struct activations *)(const void *)(x + r * tile->x_stride);
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
            dots[r][c] = all_ints(kind == M_Q4K ? 0 : row[r]->start);
    }
    UNROLLED for (int w = 0; w < 4; w++) {
        words near[GROUP_COLUMNS], far[GROUP_COLUMNS];
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++) {
            const uint8_t *line = group.codes + w * CODE_LINE + c * VECTOR_BYTES;
            load_codes(kind, line, &near[c], &far[c]);
        }
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
                dots[r][c] = dot_codes(dots[r][c], near[c], quad_of(row[r], w), kind == M_Q8);
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++)
                dots[r][c] = dot_codes(dots[r][c], far[c], quad_of(row[r], w + 4), kind == M_Q8);
    }
    UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++) {
        struct group_scale scale = scale_of(kind, group, c * LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            floats step = scale.step * all(row[r]->scale);
            sums[r][c] = fused(floats_of(dots[r][c]), step, sums[r][c]);
            if (kind == M_Q4K) sums[r][c] = fused(scale.minimum, all(row[r]->minus_sum), sums[r][c]);
        }
    }
}

INLINE void multiply_supers(int rows, struct tile *tile, floats sums[GROUP_ROWS][GROUP_COLUMNS]) {
    const uint8_t *super = tile->weights, *x = tile->x;
    for (size_t i = 0; i < tile->inputs / SUPER_GROUP; i++, super += Q4K_SUPER_BYTES) {
        struct group group = {
            .codes = super + Q4K_CODES_AT + 4 * tile->column, .scales = super + 2 * tile->column,
            .low = super + Q4K_LOW_AT + tile->column, .high = super + Q4K_HIGH_AT + tile->column};
        for (int pair = 0; pair < 4; pair++, group.high += CODE_STRIP)
            UNROLLED for (int half = 0; half < 2; half++) {
                group.high_shift = 4 * half;
                fetch_ahead(tile, super + (2 * pair + half) * group_bytes(M_Q4K), group_bytes(M_Q4K));
                multiply_group(M_Q4K, rows, tile, group, x, sums);
                group.codes += 4 * CODE_LINE;
                group.low += CODE_STRIP;
                x += sizeof(struct activations);
            }
    }
}

INLINE void multiply_groups(int kind, int rows, struct tile tile) {
    floats sums[GROUP_ROWS][GROUP_COLUMNS];
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < GROUP_COLUMNS; c++) sums[r][c] = sum_so_far(&tile, r, c);
    if (kind == M_Q4K) {
        multiply_supers(rows, &tile, sums);
    } else {
        size_t code_bytes = (kind == M_Q8 ? 8 : 4) * CODE_LINE;
        struct group group = {.codes = tile.weights + 4 * tile.column,
                              .scales = tile.weights + code_bytes + 2 * tile.column};
        const uint8_t *x = tile.x;
        for (size_t i = 0; i < tile.inputs / GROUP; i++, x += sizeof(struct activations)) {
            fetch_ahead(&tile, group.codes, (size_t)group_bytes(kind));
            multiply_group(kind, rows, &tile, group, x, sums);
            group.codes += group_bytes(kind);
            group.scales += group_bytes(kind);
        }
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
            prepared->minus_sum = -scale * (float)sum;
        else
            prepared->start = -sum * (kind == M_Q8 ? Q8_OFFSET : Q4_OFFSET);
    }
}
