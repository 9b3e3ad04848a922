/* Vectors of LANES numbers, and the few things that a level has its own instructions for.
 *
 * Everything else is GCC's vectors. A product and a sum are fused where the processor can, always in
 * the same places, so one level gives the same bits however many rows are computed together.
 */
#pragma once
#include "panels.h"
#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { VECTOR_BYTES = 4 * LANES };

typedef float floats __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t ints __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint32_t words __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef floats __attribute__((aligned(4))) unaligned_floats;

INLINE floats all(float value) { return value - (floats){0}; }
INLINE ints all_ints(int32_t value) { return value - (ints){0}; }
INLINE words load_words(const uint8_t *from) { return *(const words *)(const void *)from; }
INLINE floats floats_of(ints values) { return __builtin_convertvector(values, floats); }

INLINE floats fused(floats a, floats b, floats sum) {
#if LANES == 16
    return (floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)sum);
#elif LANES == 8
    return (floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)sum);
#else
    return a * b + sum;
#endif
}

/* As many F16 as there are lanes. */
INLINE floats load_halves(const uint8_t *from) {
#if LANES == 16
    return (floats)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i_u *)(const void *)from));
#elif LANES == 8
    return (floats)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i_u *)(const void *)from));
#else
    float values[LANES];
    for (int i = 0; i < LANES; i++) values[i] = float_of_half(((const half_bits *)from)[i]);
    floats result;
    memcpy(&result, values, sizeof result);
    return result;
#endif
}

/* As many bytes as there are lanes, each in a word. */
INLINE words load_bytes(const uint8_t *from) {
#if LANES == 16
    return (words)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i_u *)(const void *)from));
#elif LANES == 8
    return (words)_mm256_cvtepu8_epi32(_mm_loadu_si64(from));
#else
    return (words){from[0], from[1], from[2], from[3]};
#endif
}

/* Whether a level multiplies codes of Q8 as signed numbers. AVX2's instruction sums two products in
 * 16 bits with saturation, which 255 * 127 * 2 would exceed and 128 * 127 * 2 does not: there the
 * magnitude is multiplied with the activation that has taken the code's sign. */
enum { Q8_OFFSET = LANES == 8 ? 0 : 128, Q4_OFFSET = 8, Q6_OFFSET = 32 };

/* Four codes of every lane, at most 63 or (is_wide) 255, times the same four activations, -127 to
 * 127, one byte of quad each; summed onto dots. */
INLINE ints dot_codes(ints dots, words codes, int32_t quad, int is_wide) {
#if LANES == 16
    (void)is_wide;
    return (ints)_mm512_dpbusd_epi32((__m512i)dots, (__m512i)codes, _mm512_set1_epi32(quad));
#elif LANES == 8
    __m256i unsigned_codes = (__m256i)codes, x = _mm256_set1_epi32(quad);
    if (is_wide) {
        __m256i signed_codes = _mm256_xor_si256(unsigned_codes, _mm256_set1_epi8(-128));
        unsigned_codes = _mm256_abs_epi8(signed_codes);
        x = _mm256_sign_epi8(x, signed_codes);
    }
    __m256i pairs = _mm256_maddubs_epi16(unsigned_codes, x);
    return dots + (ints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
#else
    /* Every second byte at a time, as a number of 16 bits, which holds 255 * 127. */
    typedef int16_t shorts __attribute__((vector_size(VECTOR_BYTES)));
    (void)is_wide;
    uint32_t bits = (uint32_t)quad;
    uint32_t even_x = (bits & 0xff) | (bits & 0xff0000u), odd_x = bits >> 8;
    shorts even = (shorts)(codes & 0x00ff00ffu), odd = (shorts)((codes >> 8) & 0x00ff00ffu);
    shorts x0 = (shorts)((words){0} + even_x), x1 = (shorts)((words){0} + odd_x);
    even *= (x0 << 8) >> 8;
    odd *= (x1 << 8) >> 8;
    return dots + (((ints)even << 16) >> 16) + ((ints)even >> 16) + (((ints)odd << 16) >> 16)
           + ((ints)odd >> 16);
#endif
}

/* How activations stand beside weights in bfloat16: as bfloat16 where these are multiplied in pairs
 * by one instruction, else as float32. */
#ifdef __AVX512BF16__
typedef uint16_t beside_bfloat;
INLINE beside_bfloat beside_bfloat_of(float value) { return bfloat_of_float(value); }
#else
typedef float beside_bfloat;
INLINE beside_bfloat beside_bfloat_of(float value) { return value; }
#endif

/* Two weights of every lane times the same two activations, summed onto sum. */
INLINE floats dot_bfloats(floats sum, words pairs, const beside_bfloat *x) {
#ifdef __AVX512BF16__
    __m512i both = _mm512_set1_epi32(*(const int32_t *)(const void *)x);
    return (floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)pairs, (__m512bh)both);
#else
    sum = fused((floats)(pairs << 16), all(x[0]), sum);
    return fused((floats)(pairs & 0xffff0000u), all(x[1]), sum);
#endif
}
