/* What every level offers, and the types of elements by number (kernels/library.py has the same). */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum dtype { F32, F16, BF16, F64, Q8_0, Q4_0, Q4_K, Q5_K, Q6_K };

/* Bytes of a whole number of blocks. */
static inline size_t size_of(enum dtype dtype, size_t elements) {
    switch (dtype) {
    case F32: return 4 * elements;
    case F64: return 8 * elements;
    case Q8_0: return elements / 32 * 34;
    case Q4_0: return elements / 32 * 18;
    case Q4_K: return elements / 256 * 144;
    case Q5_K: return elements / 256 * 176;
    case Q6_K: return elements / 256 * 210;
    default: return 2 * elements;
    }
}

struct kernels {
    /* Whether all could be written: not, where something is not finite or a scale would not be. */
    int (*transcode)(const uint8_t *source, uint8_t *target, size_t elements, enum dtype from,
                     enum dtype to);
    void (*group_bytes)(const uint8_t *source, uint8_t *target, size_t size);
    void (*ungroup_bytes)(const uint8_t *source, uint8_t *target, size_t size);
};
