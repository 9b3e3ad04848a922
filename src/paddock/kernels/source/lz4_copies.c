/* Whether a block of LZ4 copies from bytes before only: the counterpart of paddock/kernels/lz4_copies.py.
 *
 * A block is a run of sequences: a token, literals, the two bytes of an offset, and more of a length;
 * the last one ends with its literals. An offset of 0 is no place, and decoders differ in what they
 * make of it.
 */
#include <stdint.h>

#include "levels.h"

/* Go over the bytes that lengthen a run of 15; 0 where the block ends in them. */
static int pass_length(const uint8_t *bytes, size_t size, size_t *at, size_t *length) {
    uint8_t byte;
    do {
        if (*at == size) return 0;
        byte = bytes[(*at)++];
        *length += byte;
    } while (byte == 255);
    return 1;
}

/* 1 where every sequence is whole and no offset is 0. */
EXPORT int paddock_lz4_copies(const uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (at < size) {
        uint8_t token = bytes[at++];
        size_t literals = token >> 4, copied = token & 15;
        if (literals == 15 && !pass_length(bytes, size, &at, &literals)) return 0;
        if (literals > size - at) return 0;
        at += literals;
        if (at == size) return 1;
        if (size - at < 2) return 0;
        if (!(bytes[at] | bytes[at + 1])) return 0;
        at += 2;
        if (copied == 15 && !pass_length(bytes, size, &at, &copied)) return 0;
    }
    return 0;
}
