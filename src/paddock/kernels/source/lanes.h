/* LANES sub-blocks side by side: one lane computes one sub-block, in the order of its elements.
 *
 * No sum ever crosses lanes, so the bits do not depend on how wide the processor's vectors are.
 */
#pragma once
#include "numbers.h"
#ifdef __SSE2__
#include <immintrin.h>
#endif

#ifndef LANES
#define LANES 4
#endif

typedef float lanes_f __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t lanes_i __attribute__((vector_size(4 * LANES), may_alias));

/* Macros, since passing vectors by value differs between processors. */
#define PICK(mask, yes, no) ((lanes_f)(((mask) & (lanes_i)(yes)) | (~(mask) & (lanes_i)(no))))
/* The lower or higher of two, the second where they are equal: on x86 one instruction. */
#if LANES == 16 && defined(__AVX512F__)
#define LOWER(a, b) ((lanes_f)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define HIGHER(a, b) ((lanes_f)_mm512_max_ps((__m512)(a), (__m512)(b)))
#elif LANES == 8 && defined(__AVX__)
#define LOWER(a, b) ((lanes_f)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define HIGHER(a, b) ((lanes_f)_mm256_max_ps((__m256)(a), (__m256)(b)))
#elif LANES == 4 && defined(__SSE2__)
#define LOWER(a, b) ((lanes_f)_mm_min_ps((__m128)(a), (__m128)(b)))
#define HIGHER(a, b) ((lanes_f)_mm_max_ps((__m128)(a), (__m128)(b)))
#else
#define LOWER(a, b) PICK((a) < (b), a, b)
#define HIGHER(a, b) PICK((a) > (b), a, b)
#endif
#define NEAREST(value) (((value) + 12582912.0f) - 12582912.0f)
#define ALL(value) ((lanes_f){0} + (value))
#define LOAD(from) (*(const lanes_f *)(from))
#define STORE(to, value) (*(lanes_f *)(to) = (value))
