/* LoRA: what an adapter adds to a row, b (a x), with b's rows as long as the outputs. */
#pragma once
#include "rows.h"
#include "step.h"

/* A sum of products in a fixed order. */
INLINE float dot_row(const float *a, const float *x, size_t count) {
    floats sums[2] = {{0}, {0}};
    for (size_t i = 0; i < count; i += 2 * LANES)
        for (size_t k = 0; k < 2 && i + k * LANES < count; k++) {
            size_t at = i + k * LANES;
            sums[k] = fused(load_some(a + at, count - at), load_some(x + at, count - at), sums[k]);
        }
    return sum_of(sums[0] + sums[1]);
}

/* a x, for some projections that have the same inputs; one after the other in low. */
static void lower_row(const struct low_rank *parts, int count, const float *x, size_t inputs,
                      float *low) {
    for (int p = 0; p < count; p++)
        for (int32_t r = 0; r < parts[p].rank; r++)
            *low++ = dot_row(parts[p].a + (size_t)r * inputs, x, inputs);
}

/* b's outputs [from, to) of one projection times low, added to y, which begins at output from. */
static void raise_row(const struct low_rank *part, const float *low, size_t outputs, size_t from,
                      size_t to, float *y) {
    for (size_t o = from; o < to; o += LANES, y += LANES) {
        floats sum = {0};
        for (int32_t r = 0; r < part->rank; r++)
            sum = fused(load_some(part->b + (size_t)r * outputs + o, to - o), all(low[r]), sum);
        store_some(y, to - o, load_some(y, to - o) + sum);
    }
}
