"""The HTTP face of the hub: one router a file, no rules of its own."""
