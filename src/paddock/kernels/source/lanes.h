/* LANES sub-blocks side by side: one lane computes one sub-block, in the order of its elements.
 *
 * No sum ever crosses lanes, so the bits do not depend on how wide the processor's vectors are.
 */
#pragma once
#include "numbers.h"

#ifndef LANES
#define LANES 4
#endif

typedef float lanes_f __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t lanes_i __attribute__((vector_size(4 * LANES), may_alias));

/* Macros, since passing vectors by value differs between processors. */
#define PICK(mask, yes, no) ((lanes_f)(((mask) & (lanes_i)(yes)) | (~(mask) & (lanes_i)(no))))
#define LOWER(a, b) PICK((a) < (b), a, b)
#define HIGHER(a, b) PICK((a) > (b), a, b)
#define NEAREST(value) (((value) + 12582912.0f) - 12582912.0f)
#define ALL(value) ((lanes_f){0} + (value))
#define LOAD(from) (*(const lanes_f *)(from))
#define STORE(to, value) (*(lanes_f *)(to) = (value))
