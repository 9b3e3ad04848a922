/* Q6_K, whole: one super-block of 256 elements at a time, by the stages of signed_search.h. */
#pragma once
#include "signed_search.h"

enum { NEXT = 3, SIGNED_STARTS = 8, PLAIN_STARTS = 3, BEST_STARTS = 7 };
/* The last steps to start from: with the plain scales, the best, and llama.cpp's. What differs is how
 * F16 rounds d, by as much as a part in a hundred for small weights. */
static const float SIGNED_LAST[SIGNED_STARTS] = {-128.0f, -127.0f, -124.0f, -126.0f,
                                                 -123.0f, -117.0f, -109.0f, -128.0f};

/* As F16; one that is not 0 stays so, and 0 has no sign. */
INLINE float signed_half_step(float step) {
    float half = half_step(__builtin_fabsf(step));
    return step < 0.0f ? -half : half;
}

/* Steps from the scales of sub-blocks: the one of largest magnitude takes the step `last`. */
INLINE void first_scales(const struct sixteen *scales, float last, struct signed_steps *steps) {
    float top = 0.0f, most = 0.0f;
    for (int sub = 0; sub < SUBS; sub++) {
        float magnitude = __builtin_fabsf(scales->of[sub]);
        top = magnitude > most ? scales->of[sub] : top;
        most = magnitude > most ? magnitude : most;
    }
    steps->d = signed_half_step(top / last);
    float by_d = steps->d != 0.0f ? 1.0f / steps->d : 0.0f;
    for (int sub = 0; sub < SUBS; sub++) {
        float count = scales->of[sub] * by_d;
        count = count < 127.0f ? count : 127.0f;
        steps->scale.of[sub] = nearest(count > -128.0f ? count : -128.0f);
    }
}

INLINE void choose_all(const struct narrow *turned, int count, struct signed_steps *steps) {
    for (int at = 0; at < SUBS; at += LANES) choose_scales(turned, at, count, steps);
}

INLINE float signed_error(const struct signed_steps *steps) {
    float error = 0.0f;
    for (int sub = 0; sub < SUBS; sub++) error += steps->error.of[sub];
    return error;
}

/* A code, and the step it counts. */
INLINE float signed_code(float value, float factor) {
    float code = nearest(value * factor);
    code = code < 31.0f ? code : 31.0f;
    return code > -32.0f ? code : -32.0f;
}

/* Stage 3: the d that fits the codes of 256 elements best. */
INLINE float refit_scale(const struct narrow *turned, const struct signed_steps *steps) {
    struct signed_sums sums;
    double squares = 0, products = 0;
    for (int at = 0; at < SUBS; at += LANES) sum_signed_codes(turned, at, steps, &sums);
    for (int sub = 0; sub < SUBS; sub++) {
        double scale = steps->scale.of[sub];
        squares += scale * scale * (double)sums.squares.of[sub];
        products += scale * (double)sums.products.of[sub];
    }
    float fitted = squares > 0 ? signed_half_step((float)(products / squares)) : 0.0f;
    return fitted != 0.0f ? fitted : steps->d;
}

APART void find_signed_steps(const float *values, struct signed_steps *steps) {
    struct narrow turned;
    struct sixteen plain, best, weighted;
    struct signed_steps other;
    turn_narrow(values, &turned);
    for (int at = 0; at < SUBS; at += LANES) find_scales(&turned, at, &plain, &best, &weighted);
    first_scales(&best, -128.0f, steps);
    choose_all(&turned, NEARBY, steps);
    for (int start = 0; start < SIGNED_STARTS; start++) {
        const struct sixteen *scales = start < PLAIN_STARTS ? &plain
                                       : start < BEST_STARTS ? &best : &weighted;
        first_scales(scales, SIGNED_LAST[start], &other);
        choose_all(&turned, start == 0 ? NEARBY : AS_IS, &other);
        if (signed_error(&other) < signed_error(steps)) *steps = other;
    }
    for (int round = 0; round < REFITS; round++) {
        other = *steps;
        other.d = refit_scale(&turned, steps);
        choose_all(&turned, NEXT, &other);
        if (signed_error(&other) < signed_error(steps)) *steps = other;
    }
}

/* Whether the super-block could be written: its scale is one that F16 can hold. */
INLINE int encode_q6_k(const float *values, uint8_t *block) {
    struct signed_steps steps;
    uint8_t codes[SUPER];
    find_signed_steps(values, &steps);
    for (int sub = 0; sub < SUBS; sub++) {
        float step = steps.d * steps.scale.of[sub], factor = step != 0.0f ? 1.0f / step : 0.0f;
        for (int i = 0; i < NARROW; i++)
            codes[NARROW * sub + i] =
                (uint8_t)((int32_t)signed_code(values[NARROW * sub + i], factor) + 32);
        block[192 + sub] = (uint8_t)(int8_t)(int32_t)steps.scale.of[sub];
    }
    uint16_t half = half_of_float(steps.d);
    pack_six_bits(codes, block, block + 128);
    memcpy(block + 208, &half, 2);
    return (half & 0x7fff) < 0x7c00;
}
