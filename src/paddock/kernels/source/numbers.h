/* Numbers as they lie in files: unaligned, little-endian, and float32 to and from 16 bits.
 *
 * Every conversion rounds once, to nearest even; a NaN stays one: sign and upper payload kept, made
 * quiet (bfloat16 to float32 is a shift and keeps every bit). Branches are written as selections, so that loops over these functions are vectorised. The
 * counterpart in NumPy is paddock/checkpoint/codecs/casts.py: same bits.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define APART static __attribute__((noinline)) /* large, and used more than once */

typedef uint16_t __attribute__((aligned(1), may_alias)) half_bits;   /* F16 or BF16 in a file */
typedef uint32_t __attribute__((aligned(1), may_alias)) float_bits;
typedef float __attribute__((aligned(1), may_alias)) file_float;
typedef double __attribute__((aligned(1), may_alias)) file_double;

#define INFINITY_BITS 0x7f800000u

INLINE uint32_t bits_of(float value) { uint32_t bits; memcpy(&bits, &value, 4); return bits; }
INLINE float float_of(uint32_t bits) { float value; memcpy(&value, &bits, 4); return value; }

INLINE float float_of_bfloat(uint16_t bits) { return float_of((uint32_t)bits << 16); }

INLINE uint16_t bfloat_of_float(float value) {
    uint32_t bits = bits_of(value);
    uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
    uint32_t quiet = (bits | 0x400000u) >> 16;
    return (uint16_t)((bits & 0x7fffffffu) > INFINITY_BITS ? quiet : rounded);
}

INLINE float float_of_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t magnitude = half & 0x7fff;
    uint32_t normal = (magnitude << 13) + ((127 - 15) << 23);
    uint32_t special = (magnitude << 13) | INFINITY_BITS | (magnitude > 0x7c00 ? 0x400000u : 0);
    /* A subnormal is its integer in units of 2^-24; the product is exact. */
    uint32_t subnormal = bits_of((float)(int32_t)magnitude * 0x1p-24f);
    uint32_t bits = magnitude >= 0x7c00 ? special : magnitude < 0x400 ? subnormal : normal;
    return float_of(sign | bits);
}

INLINE uint16_t half_of_float(float value) {
    uint32_t bits = bits_of(value);
    uint32_t sign = (bits >> 16) & 0x8000;
    uint32_t magnitude = bits & 0x7fffffffu;
    /* Normal: rebias the exponent, and round as for bfloat16. Carrying into infinity is right. */
    uint32_t normal = (magnitude - ((127u - 15) << 23) + 0xfffu + ((magnitude >> 13) & 1)) >> 13;
    /* Subnormal: adding 0.5 leaves units of 2^-24 in the low bits, rounded by the addition. */
    uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
    uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    uint32_t half = magnitude < (113u << 23) ? subnormal : normal;
    half = magnitude >= (143u << 23) ? 0x7c00 : half;
    half = magnitude > INFINITY_BITS ? nan : half;
    return (uint16_t)(sign | half);
}

/* A double as the float32 that rounds on to 16 bits as the double itself would: to odd (Boldo and
 * Melquiond, "When double rounding is odd", 2005). */
INLINE float odd_float_of_double(double value) {
    float near = (float)value;
    double back = (double)near;
    uint32_t bits = bits_of(near);
    uint32_t outwards = __builtin_fabs(back) > __builtin_fabs(value);
    uint32_t odd = (bits - outwards) | 1;
    return float_of((back < value) | (back > value) ? odd : bits);
}

/* The nearest integer, ties to even, as a float; right for magnitudes below 2^22. */
INLINE float nearest(float value) { return (value + 12582912.0f) - 12582912.0f; }

/* The bits of the largest magnitude: from INFINITY_BITS on, something is not finite. */
INLINE uint32_t largest_magnitude(const float *values, size_t count) {
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t magnitude = bits_of(values[i]) & 0x7fffffffu;
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest;
}
