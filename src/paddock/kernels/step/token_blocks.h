/* Blocks of logits, their exponentials, and selecting by rank or by mass without sorting. */
#pragma once
#include <math.h>
#include "sampling.h"
#include "lanes.h"

typedef double doubles __attribute__((vector_size(8 * LANES)));

struct logits {
    const float *row;
    size_t n;
    const float *maxima; /* of each block */
    float most;
};

struct weighed { float logit, weight; };

/* A whole block: the row's own, or the last and shorter one followed by -inf. */
INLINE const float *block_at(const float *row, size_t n, size_t block, float *spare) {
    size_t at = block * TOKEN_BLOCK;
    if (at + TOKEN_BLOCK <= n) return row + at;
    for (size_t i = 0; i < TOKEN_BLOCK; i++) spare[i] = at + i < n ? row[at + i] : -INFINITY;
    return spare;
}

/* e^x for x of at most 0, within 2e-7 of itself; 0 below -87. The polynomial is Taylor's, which on
 * [-ln 2 / 2, ln 2 / 2] errs by less than float32 does. */
INLINE floats exp_of(floats x) {
    ints is_zero = ~(ints)(x > all(-87.0f));
    floats clamped = pick(is_zero, all(-87.0f), x);
    floats shifted = clamped * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: the nearest whole number */
    ints power = (ints)shifted - 0x4b400000;
    floats whole = shifted - 12582912.0f;
    floats rest = fused(whole, all(-0.693359375f), clamped);
    rest = fused(whole, all(2.12194440e-4f), rest);
    floats sum = all(1.0f / 5040);
    sum = fused(sum, rest, all(1.0f / 720));
    sum = fused(sum, rest, all(1.0f / 120));
    sum = fused(sum, rest, all(1.0f / 24));
    sum = fused(sum, rest, all(1.0f / 6));
    sum = fused(sum, rest, all(0.5f));
    sum = fused(sum, rest, all(1.0f));
    sum = fused(sum, rest, all(1.0f));
    floats result = (floats)((ints)sum + (power << 23));
    return pick(is_zero, all(0.0f), result);
}

/* Sum of e^((logit - most) * sharpness) over logits of at least least; each into weights if given. */
static double exps(const float *row, size_t n, float most, float sharpness, float least,
                   float *weights) {
    float spare[TOKEN_BLOCK], tail[TOKEN_BLOCK];
    doubles sums = {0};
    for (size_t b = 0; b * TOKEN_BLOCK < n; b++) {
        const float *block = block_at(row, n, b, spare);
        float *target = weights && block != spare ? weights + b * TOKEN_BLOCK : tail;
        floats sum = all(0.0f);
        for (int i = 0; i < TOKEN_BLOCK; i += LANES) {
            floats x = *(const unaligned_floats *)(block + i);
            floats e = pick(x >= all(least), exp_of((x - most) * sharpness), all(0.0f));
            *(unaligned_floats *)(target + i) = e;
            sum += e;
        }
        sums += __builtin_convertvector(sum, doubles);
        if (weights && block == spare)
            memcpy(weights + b * TOKEN_BLOCK, tail, (n - b * TOKEN_BLOCK) * sizeof *tail);
    }
    double total = 0;
    for (int i = 0; i < LANES; i++) total += sums[i];
    return total;
}

/* Of three, so that neither sorted nor flat rows are the worst case. */
INLINE float pivot_of(float a, float b, float c) {
    float low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* The k-th largest, k from 1; the values are moved about. */
static float select_kth(float *values, size_t count, size_t k) {
    for (;;) {
        float pivot = pivot_of(values[0], values[count / 2], values[count - 1]);
        size_t above = 0, below = count;
        for (size_t i = 0; i < below;) {
            float x = values[i];
            if (x > pivot) {
                values[i++] = values[above];
                values[above++] = x;
            } else if (x < pivot) {
                values[i] = values[--below];
                values[below] = x;
            } else {
                i++;
            }
        }
        if (k <= above) {
            count = above;
        } else if (k <= below) {
            return pivot;
        } else {
            k -= below;
            values += below;
            count -= below;
        }
    }
}

/* The largest logit at which the weights of all that are not less reach mass; the least one if the
 * sum of all does not, by rounding. */
static float select_mass(struct weighed *all, size_t count, double mass) {
    for (;;) {
        float pivot = pivot_of(all[0].logit, all[count / 2].logit, all[count - 1].logit);
        size_t above = 0, below = count;
        double of_above = 0, of_equal = 0;
        for (size_t i = 0; i < below;) {
            struct weighed x = all[i];
            if (x.logit > pivot) {
                of_above += x.weight;
                all[i++] = all[above];
                all[above++] = x;
            } else if (x.logit < pivot) {
                all[i] = all[--below];
                all[below] = x;
            } else {
                of_equal += x.weight;
                i++;
            }
        }
        if (of_above >= mass && above) {
            count = above;
        } else if (of_above + of_equal >= mass || below == count) {
            return pivot;
        } else {
            mass -= of_above + of_equal;
            all += below;
            count -= below;
        }
    }
}
