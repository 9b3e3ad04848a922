"""Numbers between their types, and quantised blocks."""
