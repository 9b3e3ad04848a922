/* A model, a batch and an adapter as a step reads them (engine/native/library.py has the same).
 *
 * Pointers are the caller's and stay good as long as the runner that has them. Rows of q and k are in
 * Hugging Face's order: element i of a head is turned together with i + head_dim / 2.
 */
#pragma once
#include "matrix.h"

enum { BLOCK_TOKENS = 16, MAX_PARTS = 3, HEAD_MULTIPLE = 16 };

/* Matrices with the same inputs, whose outputs are one after the other. */
struct product {
    struct matrix parts[MAX_PARTS];
    int32_t count;
};

struct layer {
    const float *attention_norm, *ffn_norm;
    struct product qkv, o, gate_up, down;
};

struct model {
    int32_t dim, layers, heads, kv_heads, head_dim, ffn_dim, vocabulary, context;
    int32_t is_wide; /* the KV cache is float32, not bfloat16 */
    float norm_eps;
    const float *final_norm;
    const float *cos, *sin; /* [context, head_dim / 2], the angles of each position */
    const struct layer *layer;
    struct product embeddings, head;
};

/* See engine/step.py. */
struct batch {
    const int32_t *tokens, *starts, *lengths, *tables, *adapters, *wanted;
    int32_t token_count, sequences, table_blocks, wanted_count;
    int32_t is_hidden; /* final states are wanted, not logits */
};

/* What is added to one projection: b (a x), with a [rank, inputs] and b [rank, outputs], which holds
 * the scale. rank 0: nothing. */
struct low_rank {
    const float *a, *b;
    int32_t rank;
};

enum projection { Q, K, V, O, GATE, UP, DOWN, PROJECTIONS };

struct adapter {
    const struct low_rank *parts; /* [layers][PROJECTIONS] */
    int32_t max_rank;
};

/* Parts of a step's time, in the order in which they are told. */
enum { TIME_EMBED, TIME_PREPARE, TIME_QKV, TIME_KEYS, TIME_ATTENTION, TIME_O, TIME_GATE_UP, TIME_DOWN,
       TIME_HEAD, TIMES };

static inline size_t q_width(const struct model *m) { return (size_t)m->heads * m->head_dim; }
static inline size_t kv_width(const struct model *m) { return (size_t)m->kv_heads * m->head_dim; }

/* A head's width in the KV cache. */
static inline size_t cached_width(const struct model *m) {
    return ((size_t)m->head_dim + HEAD_MULTIPLE - 1) / HEAD_MULTIPLE * HEAD_MULTIPLE;
}

static inline size_t outputs_of(const struct model *m, enum projection projection) {
    switch (projection) {
    case Q: return q_width(m);
    case K: case V: return kv_width(m);
    case GATE: case UP: return (size_t)m->ffn_dim;
    default: return (size_t)m->dim;
    }
}

/* A slot that holds nothing has no parts. */
static inline const struct low_rank *parts_of_layer(const struct adapter *adapter, size_t layer) {
    return adapter->parts + layer * PROJECTIONS;
}
