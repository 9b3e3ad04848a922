/* The grids that minima_search.h tries: one table for every level. */
#pragma once

/* A grid begins at `start` (of the range 0 to 1) and is `finer` steps longer than the codes. */
struct grid { float finer, start; };
enum { GRIDS = 15 };
extern const struct grid paddock_grids[2][GRIDS]; /* of Q4_K, of Q5_K; the first is the plain one */
