/* A team of threads that works on one thing after another, all of it together.
 *
 * The caller is the first of the team. Who waits spins for a moment and then sleeps in the kernel; it
 * sleeps at once where the one it waits for was last on the same core and so cannot run. On a machine
 * with other work a thread that was put off then costs its absence and little more. A team
 * belongs to the process that opened it: after fork() the child has no team.
 */
#pragma once
#include <stddef.h>

struct team;
typedef void (*team_task)(void *work, int thread);

/* NULL where there is no memory or no thread to be had. threads is at least 1. */
struct team *team_open(int threads);
void team_close(struct team *team);
int team_threads(const struct team *team);

/* Every thread does the task once, the caller as thread 0; back when all have. */
void team_run(struct team *team, team_task task, void *work);

/* From inside a task: on when all are here. What was written before is seen by all after. */
void team_meet(struct team *team, int thread);

/* From inside a task: the first of the next count pieces that nobody has taken since the last meeting. */
size_t team_take(struct team *team, size_t count);
