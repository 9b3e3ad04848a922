/* Q6_K: scales of sixteen sub-blocks of 16 elements, found by least squares.
 *
 * An element is d * scale * code: d is F16 and shared by the super-block, scale has eight bits and a
 * code six, both signed. The stages are those of minima_search.h, with lines through 0; llama.cpp's
 * search (make_qx_quants) weighs errors by the square of the element and rounds the scales blindly.
 * The counterpart in NumPy is paddock/checkpoint/codecs/signed_search.py: same bits.
 */
#pragma once
#include "k_layout.h"
#include "lanes.h"
#include "minima_blocks.h"

enum { NARROW = 16, FACTORS = 16, TENTHS = 9, NEARBY = 7 };

struct narrow { float values[NARROW][SUBS] __attribute__((aligned(64))); };
struct signed_steps { struct sixteen scale, error; float d; };

INLINE void turn_narrow(const float *values, struct narrow *turned) {
    for (int i = 0; i < NARROW; i++)
        for (int sub = 0; sub < SUBS; sub++) turned->values[i][sub] = values[NARROW * sub + i];
}

/* What the codes for one factor explain of the squares, and the slope that does. */
INLINE void try_factor(const lanes_f *unit, const lanes_f factor, lanes_f *explained,
                       lanes_f *slope) {
    lanes_f squares = ALL(0.0f), products = squares, lowest = ALL(-32.0f), highest = ALL(31.0f);
    for (int i = 0; i < NARROW; i++) {
        lanes_f code = NEAREST(unit[i] * factor);
        code = LOWER(code, highest);
        code = HIGHER(code, lowest);
        squares += code * code;
        products += code * unit[i];
    }
    lanes_f one = ALL(1.0f);
    *slope = products / HIGHER(squares, one);
    *explained = *slope * products;
}

/* The same as llama.cpp weighs it (make_qx_quants): by the square of the element. */
INLINE void try_weighted_factor(const lanes_f *unit, float factor, lanes_f *explained,
                                lanes_f *slope) {
    lanes_f squares = ALL(0.0f), products = squares, lowest = ALL(-32.0f), highest = ALL(31.0f);
    for (int i = 0; i < NARROW; i++) {
        lanes_f code = NEAREST(unit[i] * factor);
        code = LOWER(code, highest);
        code = HIGHER(code, lowest);
        lanes_f weighted = (unit[i] * unit[i]) * code;
        squares += weighted * code;
        products += weighted * unit[i];
    }
    lanes_f one = ALL(1.0f);
    *slope = products / HIGHER(squares, one);
    *explained = *slope * products;
}

/* The slope that llama.cpp would take, from its factors: where chance decides, it keeps us
 * from erring more. */
APART void find_weighted_slope(const lanes_f *unit, lanes_f *best_slope) {
    lanes_f explained, slope, best;
    try_weighted_factor(unit, -32.0f, &best, best_slope);
    for (int tenths = -TENTHS; tenths <= TENTHS; tenths++) {
        if (tenths == 0) continue;
        try_weighted_factor(unit, -(32.0f + 0.1f * (float)tenths), &explained, &slope);
        lanes_i better = explained > best;
        best = PICK(better, explained, best);
        *best_slope = PICK(better, slope, *best_slope);
    }
}

/* Stage 1: the scales of the plain factor, the best, and llama.cpp's. The extreme becomes 1 and takes the code
 * that reaches furthest, -32, or one near it. */
APART void find_scales(const struct narrow *turned, int at, struct sixteen *plain,
                        struct sixteen *best_scale, struct sixteen *weighted) {
    lanes_f none = ALL(0.0f), one = ALL(1.0f), extreme = none, most = none;
    for (int i = 0; i < NARROW; i++) {
        lanes_f value = LOAD(&turned->values[i][at]);
        lanes_f magnitude = HIGHER(value, -value);
        lanes_i larger = magnitude > most;
        most = PICK(larger, magnitude, most);
        extreme = PICK(larger, value, extreme);
    }
    lanes_f safe = PICK(most > 0.0f, extreme, one), unit[NARROW];
    for (int i = 0; i < NARROW; i++) unit[i] = LOAD(&turned->values[i][at]) / safe;
    lanes_f explained, slope, best, best_slope, first_slope, weighted_slope;
    try_factor(unit, ALL(-32.0f), &best, &best_slope);
    first_slope = best_slope;
    for (int k = 0; k < FACTORS; k++) {
        try_factor(unit, ALL(-25.0f - 0.5f * (float)k), &explained, &slope);
        lanes_i better = explained > best + NOISE;
        best = PICK(better, explained, best);
        best_slope = PICK(better, slope, best_slope);
    }
    lanes_i sloped = (lanes_i)(best_slope < 0.0f) | (lanes_i)(best_slope > 0.0f);
    try_factor(unit, one / PICK(sloped, best_slope, one), &explained, &slope);
    best_slope = PICK(explained > best + NOISE, slope, best_slope);
    find_weighted_slope(unit, &weighted_slope);
    STORE(&weighted->of[at], weighted_slope * extreme);
    STORE(&plain->of[at], first_slope * extreme);
    STORE(&best_scale->of[at], best_slope * extreme);
}

/* Stage 2: which neighbours of the scales err least. */
APART void choose_scales(const struct narrow *turned, int at, int count,
                         struct signed_steps *steps) {
    static const float moves[NEARBY] = {0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 3.0f, -3.0f};
    lanes_f scale = LOAD(&steps->scale.of[at]), best_scale = scale, least = ALL(0.0f);
    lanes_f none = ALL(0.0f), one = ALL(1.0f), lowest = ALL(-32.0f), highest = ALL(31.0f);
    lanes_f first = ALL(-128.0f), last = ALL(127.0f);
    for (int k = 0; k < count; k++) {
        lanes_f near = scale + moves[k];
        near = HIGHER(near, first);
        near = LOWER(near, last);
        lanes_f step = near * steps->d, error = none;
        lanes_i steps_off = (lanes_i)(step < 0.0f) | (lanes_i)(step > 0.0f);
        lanes_f factor = PICK(steps_off, one / PICK(steps_off, step, one), none);
        for (int i = 0; i < NARROW; i++) {
            lanes_f value = LOAD(&turned->values[i][at]);
            lanes_f code = NEAREST(value * factor);
            code = LOWER(code, highest);
            code = HIGHER(code, lowest);
            lanes_f off = step * code - value;
            error += off * off;
        }
        lanes_i better = k == 0 ? (lanes_i)(none == none) : (lanes_i)(error < least);
        least = PICK(better, error, least);
        best_scale = PICK(better, near, best_scale);
    }
    STORE(&steps->scale.of[at], best_scale);
    STORE(&steps->error.of[at], least);
}

/* The sums that stage 3 needs: of the squares of codes, and of codes by elements. */
struct signed_sums { struct sixteen squares, products; };

APART void sum_signed_codes(const struct narrow *turned, int at, const struct signed_steps *steps,
                            struct signed_sums *sums) {
    lanes_f none = ALL(0.0f), one = ALL(1.0f), lowest = ALL(-32.0f), highest = ALL(31.0f);
    lanes_f step = LOAD(&steps->scale.of[at]) * steps->d, squares = none, products = none;
    lanes_i steps_off = (lanes_i)(step < 0.0f) | (lanes_i)(step > 0.0f);
    lanes_f factor = PICK(steps_off, one / PICK(steps_off, step, one), none);
    for (int i = 0; i < NARROW; i++) {
        lanes_f value = LOAD(&turned->values[i][at]);
        lanes_f code = NEAREST(value * factor);
        code = LOWER(code, highest);
        code = HIGHER(code, lowest);
        squares += code * code;
        products += code * value;
    }
    STORE(&sums->squares.of[at], squares);
    STORE(&sums->products.of[at], products);
}
