/* Q4_K and Q5_K: scales and minima of eight sub-blocks of 32 elements, found by least squares.
 *
 * An element is d * scale * code - dmin * minimum: d and dmin are F16 and shared by the super-block,
 * scale and minimum have six bits, a code four or five. What is made small is the sum of squared
 * errors. llama.cpp's search (make_qkx2_quants) weighs errors by magnitude and rounds the scales
 * blindly afterwards; this one
 *   1. maps a sub-block to [0, 1] and tries grids of codes, each with the line through it that fits
 *      best, and moves the best grid once more towards its line (Lloyd);
 *   2. counts lines in steps of several d and dmin, and chooses among those, then among the six-bit
 *      neighbours of scale and minimum, by the error they really give;
 *   3. fits d and dmin to the codes of all 256 elements and repeats the choice, twice.
 * The counterpart in NumPy is paddock/checkpoint/codecs/minima_search.py: same operations, same
 * order, same bits.
 */
#pragma once
#include "grids.h"
#include "k_layout.h"
#include "lanes.h"

enum { SUBS = 16, WIDE = 32 }; /* two super-blocks at once: 16 sub-blocks of 32 elements */

/* Errors that are nearer to each other than this are the same to float32, and the first counts: then
 * neighbours that are alike get lines that are alike. */
#define NOISE 1e-5f

struct side_by_side { float values[WIDE][SUBS] __attribute__((aligned(64))); };
struct sixteen { float of[SUBS] __attribute__((aligned(64))); };

/* What is known of 16 sub-blocks, and of the super-blocks they are in. */
struct line { struct sixteen scale, minimum; };
struct lines { struct line plain, best, weighted; };
struct steps { struct sixteen d, dmin, scale, minimum, error; };

APART void turn(const float *values, struct side_by_side *turned) {
    for (int i = 0; i < WIDE; i++)
        for (int sub = 0; sub < SUBS; sub++) turned->values[i][sub] = values[WIDE * sub + i];
}

struct moments { lanes_f weight, sum, squares, limit; };
struct fit { lanes_f slope, offset, error; };

/* The line through codes whose sums are known; its offset may not exceed the limit. */
INLINE void fit_line(const struct moments *of, const lanes_f codes, const lanes_f squares,
                     const lanes_f products, struct fit *fit) {
    lanes_f spread = squares * of->weight - codes * codes, one = ALL(1.0f), none = ALL(0.0f);
    lanes_i spreads = spread > 0.0f;
    lanes_f by = one / PICK(spreads, spread, one), by_squares = one / HIGHER(squares, one);
    lanes_f flat = products * by_squares;
    lanes_f slope = PICK(spreads, (products * of->weight - of->sum * codes) * by, flat);
    lanes_f offset = PICK(spreads, (squares * of->sum - codes * products) * by, none);
    lanes_i over = offset > of->limit;
    offset = PICK(over, of->limit, offset);
    slope = PICK(over, (products - offset * codes) * by_squares, slope);
    fit->slope = slope;
    fit->offset = offset;
    fit->error = of->squares + slope * (slope * squares - products * 2.0f)
                 + offset * ((slope * codes - of->sum) * 2.0f + offset * of->weight);
}

INLINE void try_grid(const lanes_f *unit, const struct moments *of, const lanes_f factor,
                     const lanes_f start, float top, struct fit *fit) {
    lanes_f codes = ALL(0.0f), squares = codes, products = codes;
    lanes_f none = codes, highest = ALL(top);
    for (int i = 0; i < WIDE; i++) {
        lanes_f code = NEAREST((unit[i] - start) * factor);
        code = LOWER(code, highest);
        code = HIGHER(code, none);
        codes += code;
        squares += code * code;
        products += code * unit[i];
    }
    fit_line(of, codes, squares, products, fit);
}

INLINE void pick_better(const lanes_i better, const struct fit *one, struct fit *best) {
    best->slope = PICK(better, one->slope, best->slope);
    best->offset = PICK(better, one->offset, best->offset);
    best->error = PICK(better, one->error, best->error);
}

INLINE void try_weighted(const lanes_f *unit, const lanes_f *weights, const struct moments *of,
                         float factor, float top, int is_plain, struct fit *fit) {
    lanes_f codes = ALL(0.0f), squares = codes, products = codes;
    lanes_f none = codes, highest = ALL(top);
    for (int i = 0; i < WIDE; i++) {
        lanes_f code = NEAREST(unit[i] * factor);
        code = LOWER(code, highest);
        code = HIGHER(code, none);
        lanes_f weighted = weights[i] * code;
        codes += weighted;
        squares += weighted * code;
        products += weighted * unit[i];
    }
    if (!is_plain) {
        fit_line(of, codes, squares, products, fit);
        return;
    }
    fit->slope = ALL(1.0f / top);
    fit->offset = none;
    fit->error = of->squares + fit->slope * (fit->slope * squares - products * 2.0f);
}

/* The line that llama.cpp would take: errors weighed by magnitude, grids a tenth of a code longer
 * each time (the arguments of make_qkx2_quants). For weights it is seldom the best; where
 * chance decides (10 and little more, a few outliers) it keeps us from erring more. */
APART void find_weighted(const lanes_f *unit, const lanes_f *limit, float top, struct fit *best) {
    lanes_f weights[WIDE], none = ALL(0.0f), mean = none;
    struct moments of = {none, none, none, *limit};
    for (int i = 0; i < WIDE; i++) {
        weights[i] = unit[i] - *limit; /* the element itself, by the range */
        mean += weights[i] * weights[i];
    }
    mean = mean / 32.0f;
    for (int lane = 0; lane < LANES; lane++) mean[lane] = __builtin_sqrtf(mean[lane]);
    for (int i = 0; i < WIDE; i++) {
        weights[i] = mean + HIGHER(weights[i], -weights[i]);
        lanes_f weighted = weights[i] * unit[i];
        of.weight += weights[i];
        of.sum += weighted;
        of.squares += weighted * unit[i];
    }
    struct fit fit;
    try_weighted(unit, weights, &of, top, top, 1, best);
    int tries = top > 15.0f ? 16 : 21;
    for (int k = 0; k < tries; k++) {
        float longer = (top > 15.0f ? -0.5f : -1.0f) + 0.1f * (float)k;
        try_weighted(unit, weights, &of, top + longer, top, 0, &fit);
        pick_better(fit.error < best->error, &fit, best);
    }
}

INLINE void store_line(const struct fit *fit, const lanes_f low, const lanes_f range,
                       const lanes_i ranges, int at, struct line *line) {
    STORE(&line->scale.of[at], PICK(ranges, fit->slope * range, ALL(0.0f)));
    STORE(&line->minimum.of[at], PICK(ranges, -(low + fit->offset * range), -low));
}

/* Stage 1 for LANES sub-blocks: the line of the plain grid, the best of all, and llama.cpp's. */
APART void find_lines(const struct side_by_side *turned, int at, float top,
                       const struct grid *grids, struct lines *lines) {
    lanes_f low = ALL(0.0f), high = LOAD(&turned->values[0][at]);
    for (int i = 0; i < WIDE; i++) {
        lanes_f value = LOAD(&turned->values[i][at]);
        low = LOWER(value, low);
        high = HIGHER(value, high);
    }
    lanes_f range = high - low, one = ALL(1.0f), none = ALL(0.0f);
    lanes_i ranges = range > 0.0f;
    range = PICK(ranges, range, one);
    lanes_f unit[WIDE];
    struct moments of = {ALL(32.0f), none, none, -low / range};
    for (int i = 0; i < WIDE; i++) {
        unit[i] = (LOAD(&turned->values[i][at]) - low) / range;
        of.sum += unit[i];
        of.squares += unit[i] * unit[i];
    }
    struct fit first, best, weighted, fit;
    for (int k = 0; k < GRIDS; k++) {
        float factor = (top + grids[k].finer) / (1.0f - grids[k].start);
        try_grid(unit, &of, ALL(factor), ALL(grids[k].start), top, &fit);
        if (k == 0) {
            first = best = fit;
            continue;
        }
        pick_better(fit.error + NOISE < best.error, &fit, &best);
    }
    try_grid(unit, &of, one / PICK(best.slope > 0.0f, best.slope, one), best.offset, top, &fit);
    pick_better(fit.error + NOISE < best.error, &fit, &best);
    find_weighted(unit, &of.limit, top, &weighted);
    store_line(&first, low, range, ranges, at, &lines->plain);
    store_line(&best, low, range, ranges, at, &lines->best);
    store_line(&weighted, low, range, ranges, at, &lines->weighted);
}

/* Stage 2 for LANES sub-blocks: which neighbours of scale and minimum err least. */
APART void choose_steps(const struct side_by_side *turned, int at, float top,
                         const int8_t (*moves)[2], int count, struct steps *steps) {
    lanes_f d = LOAD(&steps->d.of[at]), dmin = LOAD(&steps->dmin.of[at]);
    lanes_f scale = LOAD(&steps->scale.of[at]), minimum = LOAD(&steps->minimum.of[at]);
    lanes_f best_scale = scale, best_minimum = minimum, least = ALL(0.0f);
    lanes_f none = ALL(0.0f), one = ALL(1.0f), last = ALL(63.0f), highest = ALL(top);
    for (int k = 0; k < count; k++) {
        lanes_f near_scale = scale + (float)moves[k][0], near_minimum = minimum + (float)moves[k][1];
        near_scale = HIGHER(near_scale, none);
        near_scale = LOWER(near_scale, last);
        near_minimum = HIGHER(near_minimum, none);
        near_minimum = LOWER(near_minimum, last);
        lanes_f step = d * near_scale, offset = dmin * near_minimum, error = none;
        lanes_i steps_up = step > 0.0f;
        lanes_f factor = PICK(steps_up, one / PICK(steps_up, step, one), none);
        for (int i = 0; i < WIDE; i++) {
            lanes_f value = LOAD(&turned->values[i][at]);
            lanes_f code = NEAREST((value + offset) * factor);
            code = LOWER(code, highest);
            code = HIGHER(code, none);
            lanes_f off = (step * code - offset) - value;
            error += off * off;
        }
        lanes_i better = k == 0 ? (lanes_i)(none == none) : (lanes_i)(error < least);
        least = PICK(better, error, least);
        best_scale = PICK(better, near_scale, best_scale);
        best_minimum = PICK(better, near_minimum, best_minimum);
    }
    STORE(&steps->scale.of[at], best_scale);
    STORE(&steps->minimum.of[at], best_minimum);
    STORE(&steps->error.of[at], least);
}

/* The sums that stage 3 needs: of codes, of their squares, of codes by elements, of elements. */
struct sums { struct sixteen codes, squares, products, elements; };

APART void sum_codes(const struct side_by_side *turned, int at, float top,
                      const struct steps *steps, struct sums *sums) {
    lanes_f step = LOAD(&steps->d.of[at]) * LOAD(&steps->scale.of[at]);
    lanes_f offset = LOAD(&steps->dmin.of[at]) * LOAD(&steps->minimum.of[at]);
    lanes_f none = ALL(0.0f), one = ALL(1.0f), highest = ALL(top);
    lanes_i steps_up = step > 0.0f;
    lanes_f factor = PICK(steps_up, one / PICK(steps_up, step, one), none);
    lanes_f codes = none, squares = none, products = none, elements = none;
    for (int i = 0; i < WIDE; i++) {
        lanes_f value = LOAD(&turned->values[i][at]);
        lanes_f code = NEAREST((value + offset) * factor);
        code = LOWER(code, highest);
        code = HIGHER(code, none);
        codes += code;
        squares += code * code;
        products += code * value;
        elements += value;
    }
    STORE(&sums->codes.of[at], codes);
    STORE(&sums->squares.of[at], squares);
    STORE(&sums->products.of[at], products);
    STORE(&sums->elements.of[at], elements);
}
