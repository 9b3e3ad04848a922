/* Where things lie in a panel: in strips, 64 outputs wide for F32 and BF16 and 32 for the rest, one
 * after the other. A line of a strip is a word of four bytes of every output, side by side.
 *
 * F32    a word is one input.
 * BF16   a word is two inputs, the first in its low half; an odd last one has a zero beside it.
 * Q8     a group is eight lines of codes, as code + 128 and four inputs a word, then 32 scales in F16.
 * Q4     a group is four lines, then 32 scales in F16. Byte i of word w holds, as code + 8, input
 *        4 w + i in its low half and input 16 + 4 w + i in its high one.
 * Q4K    256 inputs are 32 d and 32 dmin in F16; for each of eight groups 32 bytes with the low four
 *        bits of scale (low half) and minimum (high half); for each of four pairs of groups 32 bytes
 *        with the high two bits of scale, minimum, scale, minimum; then the groups' lines as in Q4.
 */
#pragma once
#include "matrix.h"
#include "numbers.h"

typedef uint32_t __attribute__((aligned(4), may_alias)) word;

enum {
    FLOAT_STRIP = 64,
    FLOAT_LINE = 4 * FLOAT_STRIP, /* bytes */
    CODE_STRIP = 32,
    CODE_LINE = 4 * CODE_STRIP,
    STRIP_HALVES = 2 * CODE_STRIP, /* bytes of an F16 of every output */
    Q8_GROUP_BYTES = 8 * CODE_LINE + STRIP_HALVES,
    Q4_GROUP_BYTES = 4 * CODE_LINE + STRIP_HALVES,
    Q4K_LOW_AT = 2 * STRIP_HALVES,
    Q4K_HIGH_AT = Q4K_LOW_AT + 8 * CODE_STRIP,
    Q4K_CODES_AT = Q4K_HIGH_AT + 4 * CODE_STRIP,
    Q4K_SUPER_BYTES = Q4K_CODES_AT + 8 * 4 * CODE_LINE,
};

static inline size_t strip_width(int kind) { return kind <= M_BF16 ? FLOAT_STRIP : CODE_STRIP; }

/* Bytes of a strip up to an input: any for F32, even for BF16, else a whole number of groups. */
static inline size_t strip_offset(int kind, size_t inputs) {
    switch (kind) {
    case M_F32: return inputs * FLOAT_LINE;
    case M_BF16: return inputs / 2 * FLOAT_LINE;
    case M_Q8: return inputs / GROUP * Q8_GROUP_BYTES;
    case M_Q4: return inputs / GROUP * Q4_GROUP_BYTES;
    default: return inputs / SUPER_GROUP * Q4K_SUPER_BYTES;
    }
}

/* Bytes of a whole strip; 0 where the kind cannot hold so many inputs, or is none. */
static inline size_t strip_bytes(int kind, size_t inputs) {
    if (kind < 0 || kind >= MATRIX_KINDS || !inputs) return 0;
    if (kind >= M_Q8 && inputs % (kind == M_Q4K ? SUPER_GROUP : GROUP)) return 0;
    return strip_offset(kind, kind == M_BF16 ? inputs + inputs % 2 : inputs);
}
