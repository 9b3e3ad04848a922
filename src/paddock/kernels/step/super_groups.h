/* Blocks of 256 inputs (Q4_K, Q5_K, Q6_K) into panels and out again, every bit of them. */
#pragma once
#include "place.h"

void pack_super(int kind, const uint8_t *block, struct place super);

/* The 256 numbers that the format means. */
void row_of_super(int kind, struct place super, float *out);
