/* Levels: kinds of processors that one source is compiled for, each time with other flags.
 *
 * Files named level*.c are compiled once for each level, with its name as LEVEL and how many float32
 * its vectors hold as LANES; their tables are named after it: AT_LEVEL(products) is products_avx2.
 * All other files are compiled once, for any processor, and are given
 *
 *     EVERY_LEVEL(EACH, what)    EACH(what, number, name, condition) for each level that was compiled
 *
 * where the condition tells whether this processor has it (kernels/sources.py says which there are).
 */
#pragma once
#include <stddef.h>

#define EXPORT __attribute__((visibility("default")))

#define JOINED(name, level) name##_##level
#define JOINED_LATER(name, level) JOINED(name, level)
#define AT_LEVEL(name) JOINED_LATER(name, LEVEL)

/* Whether the level was compiled and this processor has it. */
int paddock_has_level(int level);

/* Defines what_at_level(int): the level's `struct what`, NULL where there is none. */
#define DEFINE_AT_LEVEL(what) \
    EVERY_LEVEL(DECLARED_AT_LEVEL, what) \
    const struct what *what##_at_level(int level) { \
        if (!paddock_has_level(level)) return NULL; \
        EVERY_LEVEL(CHOSEN_AT_LEVEL, what) \
        return NULL; \
    }
#define DECLARED_AT_LEVEL(what, number, name, condition) extern const struct what what##_##name;
#define CHOSEN_AT_LEVEL(what, number, name, condition) \
    if (level == number) return &what##_##name;
