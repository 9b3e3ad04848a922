/* Where things lie in a panel, a column of it being one output: in words of four bytes, word w of all
 * 64 outputs side by side.
 *
 * F32    a word is one input.
 * BF16   a word is two inputs, the first in its low half; an odd last one has a zero beside it.
 * Q8     a group is eight words of four codes each, as code + 128, then 64 scales in F16.
 * Q4     a group is four words, then 64 scales in F16. Byte i of word w holds, as code + 8, input
 *        4 w + i in its low half and input 16 + 4 w + i in its high one.
 * Q4K    256 inputs are 64 d and 64 dmin in F16, then four pairs of groups. A pair is the low four bits
 *        of scale (low half) and minimum (high half), 64 bytes for either group; 64 bytes with the high
 *        two bits of scale, minimum, scale, minimum; then the words of either group as in Q4.
 */
#pragma once
#include "matrix.h"
#include "numbers.h"

typedef uint32_t __attribute__((aligned(4), may_alias)) word;

enum {
    WORD_LINE = 4 * PANEL, /* bytes of one word of every output */
    HALF_LINE = 2 * PANEL,
    Q8_GROUP_BYTES = 8 * WORD_LINE + HALF_LINE,
    Q4_GROUP_BYTES = 4 * WORD_LINE + HALF_LINE,
    Q4K_HEAD_BYTES = 2 * HALF_LINE,
    Q4K_PAIR_BYTES = 3 * PANEL + 8 * WORD_LINE,
    Q4K_SUPER_BYTES = Q4K_HEAD_BYTES + 4 * Q4K_PAIR_BYTES,
};

/* Bytes of a panel up to an input: any for F32, even for BF16, else a whole number of groups. */
static inline size_t panel_offset(int kind, size_t inputs) {
    switch (kind) {
    case M_F32: return inputs * WORD_LINE;
    case M_BF16: return inputs / 2 * WORD_LINE;
    case M_Q8: return inputs / GROUP * Q8_GROUP_BYTES;
    case M_Q4: return inputs / GROUP * Q4_GROUP_BYTES;
    default: return inputs / SUPER_GROUP * Q4K_SUPER_BYTES;
    }
}
