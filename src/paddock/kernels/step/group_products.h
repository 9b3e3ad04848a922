/* Products with weights in groups of 32 codes: Q8, Q4, Q4K and Q5K. A group's products are summed
 * exactly, in integers. */
#pragma once
#include "activations.h"
#include "tile.h"

enum { GROUP_ROWS = 8, GROUP_COLUMNS = LANES == 16 ? 2 : 4 }; /* at most */

/* Vectors of outputs, of which there are two sums each: as float_columns. */
INLINE int group_columns(int rows) { return LANES < 16 && rows == 1 ? 4 : 2; }

/* Where a group's codes and scales are: its own for Q8 and Q4, else those of 256 inputs. */
struct group {
    const uint8_t *codes, *scales, *low, *high;
    int high_shift;
};

/* In every lane: a code is worth step * code - minimum. */
struct group_scale {
    floats step, minimum;
};

INLINE struct group_scale scale_of(int kind, struct group group, int column) {
    struct group_scale scale = {load_halves(group.scales + 2 * column), {0}};
    if (has_minima(kind)) {
        words low = load_bytes(group.low + column);
        words high = load_bytes(group.high + column) >> group.high_shift;
        floats minimum = load_halves(group.scales + STRIP_HALVES + 2 * column);
        scale.step *= floats_of((ints)((low & 15) | (high & 3) << 4));
        scale.minimum = minimum * floats_of((ints)(low >> 4 | (high & 12) << 2));
    }
    return scale;
}

/* Two words of codes of every output: inputs 4 w to 4 w + 3, and those 16 further. */
INLINE void load_codes(int kind, const uint8_t *lines, int w, words *near, words *far) {
    words loaded = load_words(lines + w * CODE_LINE);
    if (kind == M_Q8) {
        *near = loaded;
        *far = load_words(lines + (w + 4) * CODE_LINE);
        return;
    }
    *near = loaded & 0x0f0f0f0fu;
    *far = (loaded >> 4) & 0x0f0f0f0fu;
    if (kind == M_Q5K) {
        words fifth = load_words(lines + 4 * CODE_LINE);
        *near |= (fifth << (4 - w)) & 0x10101010u;
        *far |= (fifth >> w) & 0x10101010u;
    }
}

INLINE void multiply_group(int kind, int rows, const struct tile *tile, struct group group,
                           const uint8_t *x, floats sums[GROUP_ROWS][GROUP_COLUMNS]) {
    ints dots[GROUP_ROWS][GROUP_COLUMNS];
    const struct activations *row[GROUP_ROWS];
    UNROLLED for (int r = 0; r < rows; r++) {
        row[r] = (const struct activations *)(const void *)(x + r * tile->x_stride);
        UNROLLED for (int c = 0; c < group_columns(rows); c++)
            dots[r][c] = all_ints(has_minima(kind) ? 0 : row[r]->start);
    }
    UNROLLED for (int w = 0; w < 4; w++) {
        words near[GROUP_COLUMNS], far[GROUP_COLUMNS];
        UNROLLED for (int c = 0; c < group_columns(rows); c++)
            load_codes(kind, group.codes + c * VECTOR_BYTES, w, &near[c], &far[c]);
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < group_columns(rows); c++)
                dots[r][c] = dot_codes(dots[r][c], near[c], quad_at(row[r]->codes, w), kind == M_Q8);
        UNROLLED for (int r = 0; r < rows; r++)
            UNROLLED for (int c = 0; c < group_columns(rows); c++)
                dots[r][c] = dot_codes(dots[r][c], far[c], quad_at(row[r]->codes, w + 4), kind == M_Q8);
    }
    UNROLLED for (int c = 0; c < group_columns(rows); c++) {
        struct group_scale scale = scale_of(kind, group, c * LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            floats step = scale.step * all(row[r]->scale);
            sums[r][c] = fused(floats_of(dots[r][c]), step, sums[r][c]);
            if (has_minima(kind))
                sums[r][c] = fused(scale.minimum, all(row[r]->minus_sum), sums[r][c]);
        }
    }
}

INLINE void multiply_supers(int kind, int rows, struct tile *tile,
                            floats sums[GROUP_ROWS][GROUP_COLUMNS]) {
    const uint8_t *super = tile->weights, *x = tile->x;
    int super_bytes = minima_super_bytes(kind), share = super_bytes / 8;
    for (size_t i = 0; i < tile->inputs / SUPER_GROUP; i++, super += super_bytes) {
        struct group group = {.codes = super + MINIMA_CODES_AT + 4 * tile->column,
                              .scales = super + 2 * tile->column,
                              .low = super + MINIMA_LOW_AT + tile->column,
                              .high = super + MINIMA_HIGH_AT + tile->column};
        for (int pair = 0; pair < 4; pair++, group.high += CODE_STRIP)
            UNROLLED for (int half = 0; half < 2; half++) {
                group.high_shift = 4 * half;
                fetch_ahead(tile, super + (2 * pair + half) * share, (size_t)share);
                multiply_group(kind, rows, tile, group, x, sums);
                group.codes += minima_group_bytes(kind);
                group.low += CODE_STRIP;
                x += sizeof(struct activations);
            }
    }
}

INLINE void multiply_groups(int kind, int rows, struct tile tile) {
    floats sums[GROUP_ROWS][GROUP_COLUMNS];
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < group_columns(rows); c++) sums[r][c] = sum_so_far(&tile, r, c);
    if (has_minima(kind)) {
        multiply_supers(kind, rows, &tile, sums);
    } else {
        size_t code_bytes = (kind == M_Q8 ? 8 : 4) * CODE_LINE, whole = code_bytes + STRIP_HALVES;
        struct group group = {.codes = tile.weights + 4 * tile.column,
                              .scales = tile.weights + code_bytes + 2 * tile.column};
        const uint8_t *x = tile.x;
        for (size_t i = 0; i < tile.inputs / GROUP; i++, x += sizeof(struct activations)) {
            fetch_ahead(&tile, group.codes, whole);
            multiply_group(kind, rows, &tile, group, x, sums);
            group.codes += whole;
            group.scales += whole;
        }
    }
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int c = 0; c < group_columns(rows); c++) keep_sum(&tile, r, c, sums[r][c]);
}
