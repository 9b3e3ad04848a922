/* Where one row's elements are in a panel: words and halves of one output, one under the other. */
#pragma once
#include "panels.h"

/* A row's strip, from some input on, and its place among the strip's outputs. */
struct place {
    uint8_t *strip;
    size_t column, width;
};

INLINE struct place after(struct place place, size_t bytes) {
    place.strip += bytes;
    return place;
}

INLINE void put_words(const void *words, size_t count, struct place place) {
    word *target = (word *)(void *)place.strip + place.column;
    for (size_t i = 0; i < count; i++)
        memcpy(target + i * place.width, (const uint8_t *)words + 4 * i, 4);
}

INLINE void get_words(struct place place, size_t count, void *words) {
    const word *source = (const word *)(void *)place.strip + place.column;
    for (size_t i = 0; i < count; i++)
        memcpy((uint8_t *)words + 4 * i, source + i * place.width, 4);
}

INLINE void put_half(uint16_t half, struct place place) {
    memcpy(place.strip + 2 * place.column, &half, 2);
}

INLINE uint16_t get_half(struct place place) {
    uint16_t half;
    memcpy(&half, place.strip + 2 * place.column, 2);
    return half;
}
