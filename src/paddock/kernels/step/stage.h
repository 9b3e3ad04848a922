/* A stage of the step: a product, what its inputs are and where its outputs go.
 *
 * Inputs are made and prepared row by row, then outputs are computed panel by panel, and what adapters
 * add to them. Who takes what is decided as it goes; each output is wholly one thread's.
 */
#pragma once
#include <time.h>

#include "low_rank.h"
#include "work.h"

/* A product with what comes before it (its inputs, row by row) and after (where outputs go). */
struct stage {
    const struct product *product;
    const float *(*input)(const struct work *, size_t layer, size_t row, float *to);
    size_t layer, rows;
    float *out;
    size_t stride;
    int is_added; /* outputs are added to out */
    enum projection first;
    int projections, time; /* projections 0: not for adapters */
};

static void tell_time(struct work *work, int thread, int part) {
    if (thread || work->times == NULL) return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t nanoseconds = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (part < TIMES) work->times[part] += nanoseconds - work->now;
    work->now = nanoseconds;
}

/* Parts of one kind share what is prepared for the first of them. */
static int first_of_kind(const struct product *product, int part) {
    int first = 0;
    while (product->parts[first].kind != product->parts[part].kind) first++;
    return first;
}

static void prepare_row(const struct work *w, const struct product *product, const float *x,
                        uint8_t *prepared, size_t row, size_t rows) {
    for (int p = 0; p < product->count; p++) {
        const struct matrix *part = &product->parts[p];
        if (first_of_kind(product, p) != p) continue;
        size_t inputs = (size_t)part->inputs;
        size_t at = (size_t)p * rows * w->prepared_bytes;
        at += row * AT_LEVEL(products).prepared_row_bytes(part->kind, inputs);
        AT_LEVEL(products).prepare(part->kind, x, inputs, 1, inputs, prepared + at);
    }
}

/* The inputs of a stage's product, all of them prepared: the team's, or this thread's own. */
static const uint8_t *prepare(struct work *w, int thread, const struct stage *stage) {
    struct scratch *scratch = &w->scratch[thread];
    int is_lowered = w->has_adapters && stage->projections;
    if (stage->rows <= PRIVATE_ROWS && !is_lowered) {
        for (size_t row = 0; row < stage->rows; row++) {
            const float *x = stage->input(w, stage->layer, row, scratch->row);
            prepare_row(w, stage->product, x, scratch->prepared, row, stage->rows);
        }
        return scratch->prepared;
    }
    size_t chunk = stage->rows / (8 * (size_t)team_threads(w->team)) + 1;
    for (size_t row; (row = team_take(w->team, chunk)) < stage->rows;)
        for (size_t end = row + chunk; row < end && row < stage->rows; row++) {
            const float *x = stage->input(w, stage->layer, row, scratch->row);
            prepare_row(w, stage->product, x, w->prepared, row, stage->rows);
            if (!is_lowered || w->row_adapters[row] == NULL) continue;
            const struct low_rank *parts = parts_of_layer(w->row_adapters[row], stage->layer);
            lower_row(parts + stage->first, stage->projections, x,
                      (size_t)stage->product->parts[0].inputs, w->low + row * w->low_stride);
        }
    team_meet(w->team, thread);
    return w->prepared;
}

/* Some panels of a part for some rows. */
struct piece {
    int part;
    size_t first_panel, panels, first_row, rows;
    size_t first_output, outputs; /* counted over all parts */
};

/* What adapters add to the outputs of a piece. */
static void add_low_ranks(const struct work *w, const struct stage *stage, const struct piece *piece,
                          float *y, size_t stride) {
    for (size_t row = piece->first_row; row < piece->first_row + piece->rows; row++, y += stride) {
        if (w->row_adapters[row] == NULL) continue;
        const struct low_rank *part = parts_of_layer(w->row_adapters[row], stage->layer) + stage->first;
        const float *low = w->low + row * w->low_stride;
        size_t begin = 0, from = piece->first_output, to = from + piece->outputs;
        for (int p = 0; p < stage->projections; p++, low += part->rank, part++) {
            size_t outputs = outputs_of(w->model, stage->first + (enum projection)p);
            size_t first = from > begin ? from : begin;
            size_t last = to < begin + outputs ? to : begin + outputs;
            if (first < last && part->rank)
                raise_row(part, low, outputs, first - begin, last - begin, y + (first - from));
            begin += outputs;
        }
    }
}

static void multiply_piece(const struct work *w, int thread, const struct stage *stage,
                           const uint8_t *prepared, const struct piece *piece) {
    const struct matrix *whole = &stage->product->parts[piece->part];
    size_t inputs = (size_t)whole->inputs, stride = stage->stride;
    size_t panel_bytes = matrix_panel_bytes(whole->kind, inputs);
    struct matrix some = *whole;
    some.panels = (const uint8_t *)whole->panels + piece->first_panel * panel_bytes;
    some.outputs = (int32_t)piece->outputs;
    size_t plane = (size_t)first_of_kind(stage->product, piece->part) * stage->rows * w->prepared_bytes;
    size_t row_bytes = AT_LEVEL(products).prepared_row_bytes(whole->kind, inputs);
    float *out = stage->out + piece->first_row * stride + piece->first_output;
    float *y = stage->is_added ? w->scratch[thread].product : out;
    size_t y_stride = stage->is_added ? piece->panels * PANEL : stride;
    AT_LEVEL(products).multiply(&some, prepared + plane + piece->first_row * row_bytes, piece->rows, 0,
                                piece->panels, y, y_stride);
    if (w->has_adapters && stage->projections) add_low_ranks(w, stage, piece, y, y_stride);
    for (size_t row = 0; stage->is_added && row < piece->rows; row++)
        add_row(y + row * y_stride, piece->outputs, out + row * stride);
}

/* How a product is shared out: by panels, and by rows where there are many. */
struct sharing {
    size_t panels, rows, goes; /* of a piece; goes through all rows */
    size_t pieces[MAX_PARTS], all;
};

static struct sharing share(const struct work *w, const struct stage *stage) {
    size_t threads = (size_t)team_threads(w->team), panels = 0;
    struct sharing sharing = {.panels = 1, .rows = MANY_ROWS};
    for (int p = 0; p < stage->product->count; p++)
        panels += panels_of((size_t)stage->product->parts[p].outputs);
    if (stage->rows <= FEW_ROWS) {
        sharing.panels = panels / (4 * threads) + 1;
        if (sharing.panels > FEW_PANELS) sharing.panels = FEW_PANELS;
    }
    size_t goes = (stage->rows + sharing.rows - 1) / sharing.rows;
    while (sharing.rows > FEW_ROWS && goes * panels < 4 * threads) {
        sharing.rows /= 2;
        goes = (stage->rows + sharing.rows - 1) / sharing.rows;
    }
    sharing.goes = goes;
    for (int p = 0; p < stage->product->count; p++) {
        size_t of_part = panels_of((size_t)stage->product->parts[p].outputs);
        sharing.pieces[p] = (of_part + sharing.panels - 1) / sharing.panels * goes;
        sharing.all += sharing.pieces[p];
    }
    return sharing;
}

static struct piece piece_at(const struct stage *stage, const struct sharing *sharing, size_t index) {
    struct piece piece = {0};
    const struct matrix *part = stage->product->parts;
    for (; index >= sharing->pieces[piece.part]; part++) {
        index -= sharing->pieces[piece.part++];
        piece.first_output += (size_t)part->outputs;
    }
    size_t panels = panels_of((size_t)part->outputs), first = index / sharing->goes * sharing->panels;
    piece.first_panel = first;
    piece.panels = panels - first < sharing->panels ? panels - first : sharing->panels;
    piece.first_row = index % sharing->goes * sharing->rows;
    size_t rows = stage->rows - piece.first_row;
    piece.rows = rows < sharing->rows ? rows : sharing->rows;
    piece.first_output += first * PANEL;
    size_t outputs = (size_t)part->outputs - first * PANEL;
    piece.outputs = outputs < piece.panels * PANEL ? outputs : piece.panels * PANEL;
    return piece;
}

static void run_stage(struct work *w, int thread, const struct stage *stage) {
    const uint8_t *prepared = prepare(w, thread, stage);
    tell_time(w, thread, TIME_PREPARE);
    struct sharing sharing = share(w, stage);
    for (size_t index; (index = team_take(w->team, 1)) < sharing.all;) {
        struct piece piece = piece_at(stage, &sharing, index);
        multiply_piece(w, thread, stage, prepared, &piece);
    }
    team_meet(w->team, thread);
    tell_time(w, thread, stage->time);
}
