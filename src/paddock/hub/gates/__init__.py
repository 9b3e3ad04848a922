"""Who was let in to a gated repository."""
