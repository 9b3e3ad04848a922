/* Work on single rows of activations: norms, the gate, rotation, exponentials. All in float32.
 *
 * A row is computed by one thread in one fixed order, so its bits depend on the row and the level.
 */
#pragma once
#include "lanes.h"

#define LOG2_E 1.44269504f

/* 2^x, within two units in the last place; 0 below 2^-126, NaN for NaN. The polynomial is the best of
 * its degree for 2^r, r from -1/2 to 1/2, in relative error (2e-9). */
INLINE floats power_of_two(floats x) {
#if LANES == 16
    x = (floats)_mm512_max_ps(_mm512_set1_ps(-200.0f), (__m512)x); /* the second where one is NaN */
    floats whole = (floats)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT);
#else
    ints tiny = x < all(-126.0f);
    x = pick(x < all(-126.0f), all(-126.0f), pick(x > all(127.0f), all(127.0f), x));
    floats whole = (x + 12582912.0f) - 12582912.0f;
#endif
    floats r = x - whole;
    floats power = fused(r, all(0x1.41d334p-13f), all(0x1.5f456ap-10f));
    power = fused(power, r, all(0x1.3b2dbcp-7f));
    power = fused(power, r, all(0x1.c6aed4p-5f));
    power = fused(power, r, all(0x1.ebfbdap-3f));
    power = fused(power, r, all(0x1.62e43p-1f));
    power = fused(power, r, all(1.0f));
#if LANES == 16
    return (floats)_mm512_scalef_ps((__m512)power, (__m512)whole);
#else
    /* A NaN's whole part is some number: its power stays NaN. */
    ints exponent = __builtin_convertvector(pick(whole == whole, whole, all(0.0f)), ints) + 127;
    return pick(tiny, all(0.0f), power * (floats)(exponent << 23));
#endif
}

/* Divided by its root mean square, then scaled. */
static void normalise(const float *x, const float *weight, size_t count, float eps, float *out) {
    floats sums[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i < count; i += 4 * LANES)
        for (size_t k = 0; k < 4 && i + k * LANES < count; k++) {
            floats value = load_some(x + i + k * LANES, count - i - k * LANES);
            sums[k] = fused(value, value, sums[k]);
        }
    float mean = sum_of((sums[0] + sums[1]) + (sums[2] + sums[3])) / (float)count;
    floats factor = all(1.0f / __builtin_sqrtf(mean + eps));
    for (size_t i = 0; i < count; i += LANES) {
        floats value = load_some(x + i, count - i) * factor;
        store_some(out + i, count - i, value * load_some(weight + i, count - i));
    }
}

/* SwiGLU: gate / (1 + e^-gate) * up. */
static void pass_gate(const float *gate, const float *up, size_t count, float *out) {
    for (size_t i = 0; i < count; i += LANES) {
        floats g = load_some(gate + i, count - i);
        floats passed = g / (power_of_two(g * -LOG2_E) + 1.0f);
        store_some(out + i, count - i, passed * load_some(up + i, count - i));
    }
}

static void add_row(const float *x, size_t count, float *onto) {
    for (size_t i = 0; i < count; i += LANES)
        store_some(onto + i, count - i, load_some(onto + i, count - i) + load_some(x + i, count - i));
}

/* A head turned by its position's angles: elements i and i + pairs together. */
static void rotate(const float *head, const float *cos, const float *sin, size_t pairs, float *out) {
    for (size_t i = 0; i < pairs; i += LANES) {
        size_t count = pairs - i;
        floats c = load_some(cos + i, count), s = load_some(sin + i, count);
        floats first = load_some(head + i, count), second = load_some(head + pairs + i, count);
        store_some(out + i, count, first * c - second * s);
        store_some(out + pairs + i, count, second * c + first * s);
    }
}
