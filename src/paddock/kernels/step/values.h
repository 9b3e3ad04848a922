/* Sums of values, by chances: over the lines of some blocks side by side, then of the next. */
#pragma once
#include "attending.h"

enum {
    VALUE_COLUMNS = 4, /* vectors of a head, and rows, summed at once */
    VALUE_ROWS = LANES == 16 ? 4 : 2,
};

/* Some blocks of a span from block b on, line by line. */
INLINE void sum_blocks(int is_wide, int rows, int columns, int count, const struct attending *a,
                       size_t r, size_t h, size_t first, size_t b, floats *held) {
    size_t element = element_bytes(is_wide), line = a->width * sizeof(uint32_t);
    size_t lines = BLOCK_TOKENS / word_elements(is_wide);
    const uint8_t *chances = a->chances + (r * SPAN + b * BLOCK_TOKENS) * element;
    const uint8_t *values[STREAMS];
    UNROLLED_16 for (int k = 0; k < count; k++)
        values[k] = values_of(is_wide, a, first + b + k) + h * sizeof(uint32_t);
    for (size_t p = 0; p < lines; p++, chances += word_bytes(is_wide))
        UNROLLED_16 for (int k = 0; k < count; k++) {
            UNROLLED_16 for (int c = 0; c < columns; c++) {
                words value = load_words(values[k] + c * VECTOR_BYTES);
                UNROLLED_16 for (int i = c; i < rows * columns; i += columns) {
                    const uint8_t *chance = chances + (i / columns * SPAN + k * BLOCK_TOKENS) * element;
                    held[i] = dot_words(is_wide, held[i], value, chance);
                }
            }
            values[k] += line;
        }
}

/* Whole blocks: some rows from row r of a pack on, some vectors from element h. */
INLINE void sum_columns(int is_wide, int rows, int columns, const struct attending *a, size_t r,
                        size_t h, size_t first, size_t count, float *sums) {
    floats held[VALUE_ROWS * VALUE_COLUMNS];
    size_t b = 0;
    UNROLLED_16 for (int i = 0; i < rows * columns; i++) held[i] = (floats){0};
    for (; b + STREAMS <= count; b += STREAMS)
        sum_blocks(is_wide, rows, columns, STREAMS, a, r, h, first, b, held);
    for (; b < count; b++) sum_blocks(is_wide, rows, columns, 1, a, r, h, first, b, held);
    UNROLLED_16 for (int i = 0; i < rows * columns; i++)
        *(floats *)(void *)(sums + (r + i / columns) * a->width + h + i % columns * LANES) = held[i];
}

INLINE void sum_rows(int is_wide, int rows, const struct attending *a, size_t r, size_t first,
                     size_t count, float *sums) {
    size_t h = 0;
    for (; h + VALUE_COLUMNS * LANES <= a->width; h += VALUE_COLUMNS * LANES)
        sum_columns(is_wide, rows, VALUE_COLUMNS, a, r, h, first, count, sums);
    for (; h < a->width; h += LANES) sum_columns(is_wide, rows, 1, a, r, h, first, count, sums);
}

/* Sums of values of whole blocks. */
INLINE void sum_values(int is_wide, const struct attending *a, size_t rows, size_t first, size_t count,
                       float *sums) {
    size_t r = 0;
    for (; r + VALUE_ROWS <= rows; r += VALUE_ROWS)
        sum_rows(is_wide, VALUE_ROWS, a, r, first, count, sums);
#if LANES == 16
    if (rows - r == 3) sum_rows(is_wide, 3, a, r, first, count, sums);
    if (rows - r == 2) sum_rows(is_wide, 2, a, r, first, count, sums);
#endif
    if (rows - r == 1) sum_rows(is_wide, 1, a, r, first, count, sums);
}

/* The last block of a row: values beyond what it may see are left out, whatever they are. */
INLINE void sum_last_values(int is_wide, const struct attending *a, size_t block,
                            const uint8_t *chances, size_t visible, float *sums) {
    size_t line = a->width * sizeof(uint32_t);
    for (size_t h = 0; h < a->width; h += LANES) {
        const uint8_t *value = values_of(is_wide, a, block) + h * sizeof(uint32_t), *chance = chances;
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
