/* Bytes grouped by four: byte k of every four lies in the k-th group (Xet's second compression scheme).
 *
 * The first groups are one longer where the length is no multiple of four. The counterpart in NumPy
 * is in paddock/kernels/byte_groups.py.
 */
#pragma once
#include "numbers.h"

INLINE void group_lengths(size_t size, size_t starts[4]) {
    size_t at = 0;
    for (size_t k = 0; k < 4; k++) {
        starts[k] = at;
        at += (size + 3 - k) / 4;
    }
}

INLINE void group(const uint8_t *restrict source, uint8_t *restrict target, size_t size) {
    size_t starts[4], whole = size / 4;
    group_lengths(size, starts);
    uint8_t *restrict first = target, *restrict second = target + starts[1];
    uint8_t *restrict third = target + starts[2], *restrict fourth = target + starts[3];
    for (size_t i = 0; i < whole; i++) {
        uint32_t four = ((const float_bits *)source)[i];
        first[i] = (uint8_t)four;
        second[i] = (uint8_t)(four >> 8);
        third[i] = (uint8_t)(four >> 16);
        fourth[i] = (uint8_t)(four >> 24);
    }
    for (size_t k = 0; 4 * whole + k < size; k++) target[starts[k] + whole] = source[4 * whole + k];
}

INLINE void ungroup(const uint8_t *restrict source, uint8_t *restrict target, size_t size) {
    size_t starts[4], whole = size / 4;
    group_lengths(size, starts);
    const uint8_t *first = source, *second = source + starts[1];
    const uint8_t *third = source + starts[2], *fourth = source + starts[3];
    for (size_t i = 0; i < whole; i++)
        ((float_bits *)target)[i] = first[i] | (uint32_t)second[i] << 8
                                    | (uint32_t)third[i] << 16 | (uint32_t)fourth[i] << 24;
    for (size_t k = 0; 4 * whole + k < size; k++) target[4 * whole + k] = source[starts[k] + whole];
}
