/* A runner: a model with a team, a KV cache and a workspace; and the functions that are called from
 * outside. One thread calls it at a time. A level that was not compiled has no step. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "work.h"

enum { HUGE_PAGE = 1 << 21, MIN_TOKENS = 16 };

#define DECLARED(what, number, name, condition) void what##_##name(struct work *work, int thread);
EVERY_LEVEL(DECLARED, step)

struct runner {
    struct model model;
    struct work work;
    step_task step;
    uint8_t *space; /* the workspace, for so many tokens */
    size_t space_bytes, tokens, cache_bytes;
    struct adapter *slots;
    size_t slot_count;
};

static step_task step_at_level(int level) {
    if (!paddock_has_level(level)) return NULL;
#define CHOSEN(what, number, name, condition) \
    if (level == number) return what##_##name;
    EVERY_LEVEL(CHOSEN, step)
    return NULL;
}

/* Memory that is zero and takes room when it is first written; in huge pages where that is possible. */
static void *map(size_t bytes) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_PAGE) madvise(at, bytes, MADV_HUGEPAGE);
#endif
    return at;
}

static void unmap(void *at, size_t bytes) {
    if (at != NULL) munmap(at, bytes);
}

static void measure(struct work *work, const struct product *product) {
    for (int p = 0; p < product->count; p++) {
        size_t inputs = (size_t)product->parts[p].inputs;
        size_t bytes = work->products->prepared_row_bytes(product->parts[p].kind, inputs);
        if (inputs > work->widest) work->widest = inputs;
        if (bytes > work->prepared_bytes) work->prepared_bytes = bytes;
    }
}

static void measure_all(struct work *work) {
    const struct model *model = work->model;
    for (int32_t l = 0; l < model->layers; l++) {
        measure(work, &model->layer[l].qkv);
        measure(work, &model->layer[l].o);
        measure(work, &model->layer[l].gate_up);
        measure(work, &model->layer[l].down);
    }
    measure(work, &model->head);
}

EXPORT void paddock_runner_close(struct runner *runner) {
    if (runner->work.team != NULL) team_close(runner->work.team);
    unmap(runner->space, runner->space_bytes);
    unmap(runner->work.cache, runner->cache_bytes);
    free(runner->work.scratch);
    free(runner->slots);
    free(runner);
}

/* NULL where the level is not there, or memory or threads are not. The model's layers stay the
 * caller's. */
EXPORT struct runner *paddock_runner_open(const struct model *model, int threads, int level) {
    step_task step = step_at_level(level);
    struct runner *runner = step == NULL ? NULL : calloc(1, sizeof *runner);
    if (runner == NULL) return NULL;
    runner->step = step;
    runner->model = *model;
    runner->work.model = &runner->model;
    runner->work.products = products_at_level(level);
    runner->work.scratch = calloc((size_t)threads, sizeof *runner->work.scratch);
    runner->work.team = team_open(threads);
    if (runner->work.team == NULL || runner->work.scratch == NULL) {
        paddock_runner_close(runner);
        return NULL;
    }
    measure_all(&runner->work);
    return runner;
}

EXPORT size_t paddock_runner_block_bytes(const struct model *model) {
    return (size_t)model->layers * (size_t)model->kv_heads * head_block_bytes(model);
}

/* Room for the KV cache, once, and the angles of so many positions, the caller's: no sequence gets
 * longer. 0 where there is no room. */
EXPORT int paddock_runner_reserve(struct runner *runner, size_t blocks, int32_t positions,
                                  const float *cos, const float *sin) {
    size_t bytes;
    if (__builtin_mul_overflow(blocks, paddock_runner_block_bytes(&runner->model), &bytes)) return 0;
    if (runner->work.cache != NULL || bytes == 0) return 0;
    runner->work.cache = map(bytes);
    if (runner->work.cache == NULL) return 0;
    runner->cache_bytes = bytes;
    runner->work.blocks = blocks;
    runner->model.context = positions;
    runner->model.cos = cos;
    runner->model.sin = sin;
    return 1;
}

static void drop_space(struct runner *runner) {
    unmap(runner->space, runner->space_bytes);
    runner->space = NULL;
    runner->tokens = 0;
}

/* parts of an adapter, the caller's, for a slot; NULL frees it. 0 where memory is short. */
EXPORT int paddock_runner_adapter(struct runner *runner, size_t slot, const struct low_rank *parts,
                                  int32_t max_rank) {
    if (slot >= runner->slot_count) {
        if (parts == NULL) return 1;
        struct adapter *slots = realloc(runner->slots, (slot + 1) * sizeof *slots);
        if (slots == NULL) return 0;
        memset(slots + runner->slot_count, 0, (slot + 1 - runner->slot_count) * sizeof *slots);
        runner->slots = slots;
        runner->slot_count = slot + 1;
    }
    runner->slots[slot] = (struct adapter){parts, max_rank};
    size_t stride = (size_t)max_rank * MAX_PARTS;
    if (parts != NULL && stride > runner->work.low_stride) {
        runner->work.low_stride = stride;
        drop_space(runner);
    }
    return 1;
}

static int have_space(struct runner *runner, size_t tokens) {
    if (tokens <= runner->tokens) return 1;
    size_t room = runner->tokens ? runner->tokens : MIN_TOKENS;
    while (room < tokens) room *= 2;
    drop_space(runner);
    runner->space_bytes = work_layout(&runner->work, room, NULL);
    runner->space = map(runner->space_bytes);
    if (runner->space == NULL) return 0;
    work_layout(&runner->work, room, runner->space);
    runner->tokens = room;
    return 1;
}

EXPORT int paddock_runner_fault(const struct runner *runner, const struct batch *batch,
                                int64_t *value) {
    return (int)batch_fault(&runner->model, batch, runner->work.blocks, runner->slots,
                            runner->slot_count, value);
}

static void do_step(void *given, int thread) {
    struct runner *runner = given;
    runner->step(&runner->work, thread);
}

/* A batch without fault; out is [wanted, vocabulary], or [wanted, dim] for states. 0 where memory is
 * short. */
EXPORT int paddock_runner_step(struct runner *runner, const struct batch *batch, float *out) {
    if (!have_space(runner, (size_t)batch->token_count)) return 0;
    runner->work.batch = batch;
    runner->work.out = out;
    work_plan(&runner->work, runner->slots);
    team_run(runner->work.team, do_step, runner);
    return 1;
}

/* From now on, nanoseconds of each part of steps are summed up; NULL ends it. */
EXPORT void paddock_runner_times(struct runner *runner, uint64_t *times) {
    runner->work.times = times;
}
