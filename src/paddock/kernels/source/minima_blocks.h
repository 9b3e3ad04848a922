/* Q4_K and Q5_K, whole: two super-blocks of 256 elements at a time.
 *
 * Puts the stages of minima_search.h together: what is shared by a super-block is computed here, in
 * the order of its sub-blocks, then the codes are written.
 */
#pragma once
#include "minima_search.h"

static const int8_t AROUND[9][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1},
                                    {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
enum { AS_IS = 1, ALL_AROUND = 9, NEXT_TO = 5, STARTS = 8, PLAIN = 3, BEST = 7, REFITS = 2 };
/* The last steps to start from: first with the plain lines, then with the best and llama.cpp's. */
static const float LAST[STARTS] = {63.0f, 62.0f, 60.0f, 0.0f, 62.0f, 61.0f, 59.0f, 63.0f};

#define SMALLEST_HALF 0x1p-24f

/* What F16 makes of a scale; one that is not 0 stays so. */
INLINE float half_step(float step) {
    float half = float_of_half(half_of_float(step));
    return half == 0.0f && step > 0.0f ? SMALLEST_HALF : half;
}

/* The next power of two: with it small multiples of a number are exact, as in ternary weights. */
INLINE float power_above(float step) { return float_of((bits_of(step) + 0x7fffffu) & 0x7f800000u); }

/* Steps of a super-block from the lines of its sub-blocks: the largest takes the step `last`, or,
 * where that is 0, d and dmin are powers of two. */
APART void first_steps(const struct line *line, int from, float last, struct steps *steps) {
    float scale = 0.0f, minimum = 0.0f;
    for (int sub = from; sub < from + 8; sub++) {
        scale = line->scale.of[sub] > scale ? line->scale.of[sub] : scale;
        minimum = line->minimum.of[sub] > minimum ? line->minimum.of[sub] : minimum;
    }
    float d = half_step(last > 0.0f ? scale / last : power_above(scale / 63.0f));
    float dmin = half_step(last > 0.0f ? minimum / last : power_above(minimum / 63.0f));
    float by_d = d > 0.0f ? 1.0f / d : 0.0f, by_dmin = dmin > 0.0f ? 1.0f / dmin : 0.0f;
    for (int sub = from; sub < from + 8; sub++) {
        float scale_steps = line->scale.of[sub] * by_d, steps_down = line->minimum.of[sub] * by_dmin;
        scale_steps = scale_steps < 63.0f ? scale_steps : 63.0f;
        steps_down = steps_down < 63.0f ? steps_down : 63.0f;
        steps->d.of[sub] = d;
        steps->dmin.of[sub] = dmin;
        steps->scale.of[sub] = nearest(scale_steps > 0.0f ? scale_steps : 0.0f);
        steps->minimum.of[sub] = nearest(steps_down > 0.0f ? steps_down : 0.0f);
    }
}

INLINE float error_of(const struct steps *steps, int from) {
    float error = 0.0f;
    for (int sub = from; sub < from + 8; sub++) error += steps->error.of[sub];
    return error;
}

INLINE void copy_better(const struct steps *other, int from, struct steps *steps) {
    if (!(error_of(other, from) < error_of(steps, from))) return;
    for (int sub = from; sub < from + 8; sub++) {
        steps->d.of[sub] = other->d.of[sub];
        steps->dmin.of[sub] = other->dmin.of[sub];
        steps->scale.of[sub] = other->scale.of[sub];
        steps->minimum.of[sub] = other->minimum.of[sub];
        steps->error.of[sub] = other->error.of[sub];
    }
}

/* Stage 3: d and dmin that fit the codes of 256 elements best, if there are such. */
APART void refit(const struct sums *sums, int from, const struct steps *steps,
                  struct steps *fitted) {
    double aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
    for (int sub = from; sub < from + 8; sub++) {
        double scale = steps->scale.of[sub], minimum = steps->minimum.of[sub];
        aa += scale * scale * (double)sums->squares.of[sub];
        ab += scale * minimum * (double)sums->codes.of[sub];
        bb += minimum * minimum * 32.0;
        ax += scale * (double)sums->products.of[sub];
        bx += minimum * (double)sums->elements.of[sub];
    }
    double spread = aa * bb - ab * ab, d = steps->d.of[from], dmin = steps->dmin.of[from];
    if (spread > 1e-6 * aa * bb) {
        double new_d = (ax * bb - bx * ab) / spread, new_dmin = (ax * ab - bx * aa) / spread;
        if (new_d > 0 && new_dmin >= 0) d = new_d, dmin = new_dmin;
    } else if (aa > 0 && ax + dmin * ab > 0) {
        d = (ax + dmin * ab) / aa;
    }
    float half_d = half_step((float)d), half_dmin = half_step((float)dmin);
    for (int sub = from; sub < from + 8; sub++) {
        fitted->d.of[sub] = half_d;
        fitted->dmin.of[sub] = half_dmin;
        fitted->scale.of[sub] = steps->scale.of[sub];
        fitted->minimum.of[sub] = steps->minimum.of[sub];
    }
}

APART void find_steps(const struct side_by_side *turned, float top, const struct grid *grids,
                       struct steps *steps) {
    struct lines lines;
    struct steps other;
    struct sums sums;
    for (int at = 0; at < SUBS; at += LANES) find_lines(turned, at, top, grids, &lines);
    for (int from = 0; from < SUBS; from += 8) first_steps(&lines.best, from, 63.0f, steps);
    for (int at = 0; at < SUBS; at += LANES)
        choose_steps(turned, at, top, AROUND, AS_IS, steps);
    for (int start = 0; start < STARTS; start++) {
        const struct line *line = start < PLAIN ? &lines.plain
                                  : start < BEST ? &lines.best : &lines.weighted;
        for (int from = 0; from < SUBS; from += 8) first_steps(line, from, LAST[start], &other);
        for (int at = 0; at < SUBS; at += LANES)
            choose_steps(turned, at, top, AROUND, AS_IS, &other);
        for (int from = 0; from < SUBS; from += 8) copy_better(&other, from, steps);
    }
    for (int at = 0; at < SUBS; at += LANES)
        choose_steps(turned, at, top, AROUND, ALL_AROUND, steps);
    for (int round = 0; round < REFITS; round++) {
        for (int at = 0; at < SUBS; at += LANES) sum_codes(turned, at, top, steps, &sums);
        for (int from = 0; from < SUBS; from += 8) refit(&sums, from, steps, &other);
        for (int at = 0; at < SUBS; at += LANES)
            choose_steps(turned, at, top, AROUND, NEXT_TO, &other);
        for (int from = 0; from < SUBS; from += 8) copy_better(&other, from, steps);
    }
}

/* The codes of a super-block, once its steps are known. */
INLINE void write_codes(const float *values, const struct steps *steps, int from, float top,
                        uint8_t *codes) {
    for (int sub = 0; sub < 8; sub++) {
        float step = steps->d.of[from + sub] * steps->scale.of[from + sub];
        float offset = steps->dmin.of[from + sub] * steps->minimum.of[from + sub];
        float factor = step > 0.0f ? 1.0f / step : 0.0f;
        for (int i = 0; i < WIDE; i++) {
            float code = nearest((values[WIDE * sub + i] + offset) * factor);
            code = code < top ? code : top;
            codes[WIDE * sub + i] = (uint8_t)(int32_t)(code > 0.0f ? code : 0.0f);
        }
    }
}

INLINE int write_block(const float *values, const struct steps *steps, int from, float top,
                       uint8_t *block) {
    uint8_t codes[SUPER], scales[8], minima[8];
    uint16_t halves[2] = {half_of_float(steps->d.of[from]), half_of_float(steps->dmin.of[from])};
    for (int sub = 0; sub < 8; sub++) {
        scales[sub] = (uint8_t)(int32_t)steps->scale.of[from + sub];
        minima[sub] = (uint8_t)(int32_t)steps->minimum.of[from + sub];
    }
    write_codes(values, steps, from, top, codes);
    memcpy(block, halves, 4);
    pack_scales(scales, minima, block + 4);
    if (top > 15.0f) pack_fifth_bits(codes, block + 16);
    pack_nibbles(codes, block + (top > 15.0f ? 48 : 16));
    return halves[0] < 0x7c00 && halves[1] < 0x7c00;
}

/* Whether the two super-blocks could be written: each scale is one that F16 can hold. */
APART int encode_with_minima(const float *values, float top, const struct grid *grids,
                              size_t block_bytes, uint8_t *blocks) {
    struct side_by_side turned;
    struct steps steps;
    turn(values, &turned);
    find_steps(&turned, top, grids, &steps);
    return write_block(values, &steps, 0, top, blocks)
           & write_block(values + SUPER, &steps, 8, top, blocks + block_bytes);
}
