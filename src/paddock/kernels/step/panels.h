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
 * Q5K    likewise, but a group has a fifth line: bits w and 4 + w of its byte i are the fifth bits of
 *        the two inputs that byte i of word w holds.
 * Q6K    256 inputs are 32 d in F16; for each of sixteen groups of 16 inputs 32 scales, as scale +
 *        128; then the groups' lines, three for each, of codes + 32. Byte i of line w, 0 or 1, holds
 *        four bits of input 4 w + i in its low half and of input 8 + 4 w + i in its high one; byte i
 *        of the third the two bits above of the inputs i, 4 + i, 8 + i and 12 + i.
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
    /* Q4K and Q5K */
    MINIMA_LOW_AT = 2 * STRIP_HALVES,
    MINIMA_HIGH_AT = MINIMA_LOW_AT + 8 * CODE_STRIP,
    MINIMA_CODES_AT = MINIMA_HIGH_AT + 4 * CODE_STRIP,
    /* Q6K */
    SIX_GROUP = 16,
    SIX_GROUP_BYTES = 3 * CODE_LINE,
    SIX_SCALES_AT = STRIP_HALVES,
    SIX_CODES_AT = SIX_SCALES_AT + SUPER_GROUP / SIX_GROUP * CODE_STRIP,
    Q6K_SUPER_BYTES = SIX_CODES_AT + SUPER_GROUP / SIX_GROUP * SIX_GROUP_BYTES,
};

static inline size_t strip_width(int kind) { return kind <= M_BF16 ? FLOAT_STRIP : CODE_STRIP; }

/* The inputs of a row come in whole multiples of this; 1 for floats. */
static inline size_t inputs_at_once(int kind) {
    return kind <= M_BF16 ? 1 : kind <= M_Q4 ? GROUP : SUPER_GROUP;
}

static inline int has_minima(int kind) { return kind == M_Q4K || kind == M_Q5K; }

/* Bytes of a group's lines, of Q4K or Q5K. */
static inline int minima_group_bytes(int kind) { return (kind == M_Q5K ? 5 : 4) * CODE_LINE; }

static inline int minima_super_bytes(int kind) {
    return MINIMA_CODES_AT + SUPER_GROUP / GROUP * minima_group_bytes(kind);
}

/* Bytes of a strip up to an input: any for F32, even for BF16, else a whole number of groups. */
static inline size_t strip_offset(int kind, size_t inputs) {
    switch (kind) {
    case M_F32: return inputs * FLOAT_LINE;
    case M_BF16: return inputs / 2 * FLOAT_LINE;
    case M_Q8: return inputs / GROUP * Q8_GROUP_BYTES;
    case M_Q4: return inputs / GROUP * Q4_GROUP_BYTES;
    case M_Q6K: return inputs / SUPER_GROUP * Q6K_SUPER_BYTES;
    default: return inputs / SUPER_GROUP * (size_t)minima_super_bytes(kind);
    }
}

/* Bytes of a whole strip; 0 where the kind cannot hold so many inputs, or is none. */
static inline size_t strip_bytes(int kind, size_t inputs) {
    if (kind < 0 || kind >= MATRIX_KINDS || inputs % inputs_at_once(kind)) return 0;
    return strip_offset(kind, kind == M_BF16 ? inputs + inputs % 2 : inputs);
}
