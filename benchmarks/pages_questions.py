"""Which addresses a measurement of the pages asks for: several of each, none twice in a row."""

from __future__ import annotations

from urllib.parse import quote

from benchmarks.catalogue_rows import FAMILIES, LANGUAGES, LICENCES, TASKS, Names, common_words

_DIFFERENT = 100
DISCUSSED = 20  # repositories that have discussions
LISTS = (
    "home",
    "models",
    "models, 3 filters",
    "models, no such combination",
    "search, a common word",
    "search, a rare word",
    "search, two words",
    "search and 2 filters",
    "quick search",
    "quick search, 2 letters",
    "user",
)


def questions(names: Names) -> dict[str, list[str]]:
    """Addresses by page."""
    step = max(names.repositories // (_DIFFERENT * 4), 1)
    public = [
        names.full_name(number)
        for number in range(0, names.repositories, step)
        if names.kind(number) == "model"
        and not names.is_private(number)
        and not names.is_large(number)
    ][:_DIFFERENT]
    markers = [name.rpartition("-")[2] for name in public]
    words = [quote(word) for word in common_words(30)]
    families = [family.split("-")[0] for family in FAMILIES]
    sorts = ("", "?sort=downloads", "?sort=likes", "?sort=lastModified", "?sort=createdAt")
    return {
        "home": ["/"],
        "models": [f"/models{sort}" for sort in sorts],
        "models, 3 filters": [
            f"/models?pipeline_tag={TASKS[n % len(TASKS)]}&license={LICENCES[n % len(LICENCES)]}"
            f"&language={LANGUAGES[n // 5 % len(LANGUAGES)]}&gate=passed"
            for n in range(4, 1000, 16)
        ],
        "models, no such combination": [
            f"/models?license=mit&language={language}&gate=passed" for language in LANGUAGES
        ],
        "search, a common word": [f"/search?q={word}" for word in words],
        "search, a rare word": [f"/search?q={marker}" for marker in markers],
        "search, two words": [
            f"/search?q={families[n % len(families)]}+{words[n % 30]}" for n in range(60)
        ],
        "search and 2 filters": [
            f"/models?search={words[n % 30]}&family={families[n % len(families)]}"
            f"&license={LICENCES[n % len(LICENCES)]}"
            for n in range(0, 960, 16)
        ],
        "quick search": [
            f"/api/quicksearch?limit=4&q={family[:length]}"
            for family in families
            for length in (3, 4, 5)
        ],
        "quick search, 2 letters": [
            f"/api/quicksearch?limit=4&q={family[:2]}" for family in families
        ],
        "user": sorted({f"/{name.partition('/')[0]}" for name in public}),
        "model": [f"/{name}" for name in public],
        "files": [f"/{name}/tree/main" for name in public],
        "discussions": [f"/{name}/discussions" for name in public[:DISCUSSED]],
    }
