/* See team.h. A thread that waits reads one word until it changes; who changes the word wakes those
 * who have gone to sleep on it. Sleepers are counted before they look at the word a last time and are
 * looked for after it was changed (both sequentially consistent), so none is missed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#ifdef __SSE2__
#include <immintrin.h>
#endif

#include "team.h"

enum {
    LINE = 64,   /* bytes that processors pass to each other at once */
    TURNS = 200, /* a thread looks so often whether it should sleep, and then does: 100 us in all */
    SPINS = 20,  /* between two looks */
    THREAD_STACK = 1 << 18,
};

struct turn {
    _Alignas(LINE) _Atomic uint32_t number;
    _Atomic uint32_t sleepers;
#ifndef __linux__
    pthread_mutex_t mutex;
    pthread_cond_t changed;
#endif
};

/* Where a thread was when it last went on, and up to which meeting it has come. */
struct seat {
    _Alignas(LINE) _Atomic int core;
    _Atomic uint32_t meeting;
};

struct team {
    struct turn start, meeting;
    _Alignas(LINE) _Atomic uint32_t arrived;
    _Alignas(LINE) _Atomic size_t taken;
    _Alignas(LINE) team_task task; /* NULL: go home */
    void *work;
    int threads;
    pthread_t *ids;
    struct seat seats[];
};

struct member {
    struct team *team;
    int thread;
};

static void relax(void) {
#ifdef __SSE2__
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int this_core(void) {
#ifdef __linux__
    return sched_getcpu();
#else
    return -1;
#endif
}

static void sleep_while(struct turn *turn, uint32_t seen) {
    atomic_fetch_add(&turn->sleepers, 1);
#ifdef __linux__
    while (atomic_load(&turn->number) == seen)
        syscall(SYS_futex, &turn->number, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
#else
    pthread_mutex_lock(&turn->mutex);
    while (atomic_load(&turn->number) == seen) pthread_cond_wait(&turn->changed, &turn->mutex);
    pthread_mutex_unlock(&turn->mutex);
#endif
    atomic_fetch_sub(&turn->sleepers, 1);
}

static void next_turn(struct turn *turn) {
#ifdef __linux__
    atomic_fetch_add(&turn->number, 1);
    if (atomic_load(&turn->sleepers))
        syscall(SYS_futex, &turn->number, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
#else
    pthread_mutex_lock(&turn->mutex);
    atomic_fetch_add(&turn->number, 1);
    pthread_cond_broadcast(&turn->changed);
    pthread_mutex_unlock(&turn->mutex);
#endif
}

/* Whether one who has not come to the meeting yet can only come when this thread makes room. */
static int is_in_the_way(const struct team *team, int thread, uint32_t meeting) {
    int core = this_core();
    for (int other = 0; other < team->threads; other++) {
        const struct seat *seat = &team->seats[other];
        if (other != thread && core >= 0
            && atomic_load_explicit(&seat->meeting, memory_order_relaxed) != meeting
            && atomic_load_explicit(&seat->core, memory_order_relaxed) == core)
            return 1;
    }
    return 0;
}

static void wait_while(struct turn *turn, uint32_t seen, const struct team *team, int thread,
                       uint32_t meeting) {
    for (int look = 0; look < TURNS; look++) {
        for (int spin = 0; spin < SPINS; spin++) {
            if (atomic_load_explicit(&turn->number, memory_order_acquire) != seen) return;
            relax();
        }
        if (is_in_the_way(team, thread, meeting)) break;
    }
    sleep_while(turn, seen);
}

static void go_on(struct team *team, int thread) {
    atomic_store_explicit(&team->seats[thread].core, this_core(), memory_order_relaxed);
}

void team_meet(struct team *team, int thread) {
    uint32_t seen = atomic_load_explicit(&team->meeting.number, memory_order_acquire);
    atomic_store_explicit(&team->seats[thread].meeting, seen + 1, memory_order_relaxed);
    uint32_t here = atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1;
    if (here < (uint32_t)team->threads) {
        wait_while(&team->meeting, seen, team, thread, seen + 1);
        go_on(team, thread);
        return;
    }
    atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&team->taken, 0, memory_order_relaxed);
    if (team->threads > 1) next_turn(&team->meeting);
    go_on(team, thread);
}

size_t team_take(struct team *team, size_t count) {
    return atomic_fetch_add_explicit(&team->taken, count, memory_order_relaxed);
}

int team_threads(const struct team *team) { return team->threads; }

void team_run(struct team *team, team_task task, void *work) {
    team->task = task;
    team->work = work;
    atomic_store_explicit(&team->taken, 0, memory_order_relaxed);
    go_on(team, 0);
    if (team->threads > 1) next_turn(&team->start);
    task(work, 0);
    team_meet(team, 0);
}

static void *attend(void *given) {
    struct member member = *(struct member *)given;
    struct team *team = member.team;
    free(given);
#ifdef __linux__
    pthread_setname_np(pthread_self(), "paddock-step");
#endif
    for (uint32_t seen = 0;; seen++) { /* each start is one turn, and none is missed */
        uint32_t next = atomic_load_explicit(&team->meeting.number, memory_order_relaxed) + 1;
        wait_while(&team->start, seen, team, member.thread, next);
        if (team->task == NULL) return NULL;
        go_on(team, member.thread);
        team->task(team->work, member.thread);
        team_meet(team, member.thread);
    }
}

static int hire(struct team *team, int thread) {
    struct member *member = malloc(sizeof *member);
    if (member == NULL) return 0;
    *member = (struct member){team, thread};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    sigset_t every, before; /* signals are for the threads of whoever opened the team */
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    int failed = pthread_create(&team->ids[thread], &attributes, attend, member);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed) free(member);
    return !failed;
}

static void prepare_turns(struct team *team) {
    (void)team;
#ifndef __linux__
    struct turn *turns[] = {&team->start, &team->meeting};
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&turns[i]->mutex, NULL);
        pthread_cond_init(&turns[i]->changed, NULL);
    }
#endif
}

struct team *team_open(int threads) {
    struct team *team = aligned_alloc(LINE, sizeof *team + (size_t)threads * sizeof *team->seats);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    if (team == NULL || ids == NULL) {
        free(team);
        free(ids);
        return NULL;
    }
    *team = (struct team){.threads = threads, .ids = ids};
    for (int thread = 0; thread < threads; thread++) team->seats[thread] = (struct seat){-1, 0};
    prepare_turns(team);
    for (int thread = 1; thread < threads; thread++)
        if (!hire(team, thread)) {
            team->threads = thread;
            team_close(team);
            return NULL;
        }
    return team;
}

void team_close(struct team *team) {
    team->task = NULL;
    if (team->threads > 1) next_turn(&team->start);
    for (int thread = 1; thread < team->threads; thread++) pthread_join(team->ids[thread], NULL);
#ifndef __linux__
    struct turn *turns[] = {&team->start, &team->meeting};
    for (int i = 0; i < 2; i++) {
        pthread_mutex_destroy(&turns[i]->mutex);
        pthread_cond_destroy(&turns[i]->changed);
    }
#endif
    free(team->ids);
    free(team);
}
