"""Who likes which repository, since when."""
