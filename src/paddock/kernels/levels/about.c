/* What every library tells of itself: its levels, and the digest of its sources as SOURCES, so that a
 * library of other sources is not used. No state. */
#include "levels.h"

EXPORT const char *paddock_sources(void) { return SOURCES; }

EXPORT int paddock_has_level(int level) {
#ifdef __x86_64__
    __builtin_cpu_init();
#endif
#define TOLD(what, number, name, condition) \
    if (level == number) return condition;
    EVERY_LEVEL(TOLD, )
    return 0;
}
