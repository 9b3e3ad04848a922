/* The whole step at one level of the processor, as every thread of the team does it.
 *
 * Stages follow each other with a meeting of the team in between; within one, whole outputs (panels of
 * a product, a KV head of some queries, a row) are taken by whoever is free. No result depends on who
 * takes what, nor on which other rows are in the batch.
 */
#include "heads.h"

static const float *attention_input(const struct work *w, size_t layer, size_t row, float *to) {
    size_t dim = (size_t)w->model->dim;
    normalise(w->x + row * dim, w->model->layer[layer].attention_norm, dim, w->model->norm_eps, to);
    return to;
}

static const float *mixed_input(const struct work *w, size_t layer, size_t row, float *to) {
    (void)layer, (void)to;
    return w->mixed + row * q_width(w->model);
}

static const float *ffn_input(const struct work *w, size_t layer, size_t row, float *to) {
    size_t dim = (size_t)w->model->dim;
    normalise(w->x + row * dim, w->model->layer[layer].ffn_norm, dim, w->model->norm_eps, to);
    return to;
}

static const float *gated_input(const struct work *w, size_t layer, size_t row, float *to) {
    size_t width = (size_t)w->model->ffn_dim;
    const float *gate = w->gate_up + row * 2 * width;
    (void)layer;
    pass_gate(gate, gate + width, width, to);
    return to;
}

static const float *wanted_input(const struct work *w, size_t layer, size_t row, float *to) {
    size_t dim = (size_t)w->model->dim, token = (size_t)w->batch->wanted[row];
    (void)layer;
    normalise(w->x + token * dim, w->model->final_norm, dim, w->model->norm_eps, to);
    return to;
}

static void run_layer(struct work *w, int thread, size_t l) {
    const struct model *m = w->model;
    const struct layer *layer = &m->layer[l];
    size_t rows = (size_t)w->batch->token_count, dim = (size_t)m->dim;
    struct stage qkv = {&layer->qkv, attention_input, l, rows, w->qkv, q_width(m) + 2 * kv_width(m),
                        0, Q, 3, TIME_QKV};
    struct stage o = {&layer->o, mixed_input, l, rows, w->x, dim, 1, O, 1, TIME_O};
    struct stage gate_up = {&layer->gate_up, ffn_input, l, rows, w->gate_up, 2 * (size_t)m->ffn_dim,
                            0, GATE, 2, TIME_GATE_UP};
    struct stage down = {&layer->down, gated_input, l, rows, w->x, dim, 1, DOWN, 1, TIME_DOWN};
    run_stage(w, thread, &qkv);
    keep_keys(w, thread, l);
    mix(w, thread, l);
    run_stage(w, thread, &o);
    run_stage(w, thread, &gate_up);
    run_stage(w, thread, &down);
}

static void embed(struct work *w, int thread) {
    size_t rows = (size_t)w->batch->token_count, dim = (size_t)w->model->dim;
    tell_time(w, thread, TIMES);
    for (size_t row; (row = team_take(w->team, 1)) < rows;)
        matrix_row(&w->model->embeddings.parts[0], (size_t)w->batch->tokens[row], w->x + row * dim);
    team_meet(w->team, thread);
    tell_time(w, thread, TIME_EMBED);
}

static void finish(struct work *w, int thread) {
    const struct model *m = w->model;
    size_t rows = (size_t)w->batch->wanted_count, dim = (size_t)m->dim, outputs = (size_t)m->vocabulary;
    struct stage head = {&m->head, wanted_input, 0, rows, w->out, outputs, 0, Q, 0, TIME_HEAD};
    if (!w->batch->is_hidden) {
        run_stage(w, thread, &head);
        return;
    }
    for (size_t row; (row = team_take(w->team, 1)) < rows;)
        wanted_input(w, 0, row, w->out + row * dim);
    tell_time(w, thread, TIME_HEAD);
}

void AT_LEVEL(step)(struct work *work, int thread) {
    embed(work, thread);
    for (size_t layer = 0; layer < (size_t)work->model->layers; layer++) run_layer(work, thread, layer);
    if (work->batch->wanted_count) finish(work, thread);
}
