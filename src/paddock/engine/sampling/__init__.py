"""To be described by whoever fills it."""
