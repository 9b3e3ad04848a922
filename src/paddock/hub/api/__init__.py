"""The HTTP face of the hub: one router a file, no rules of its own."""

from paddock.hub.api import paths

# A route is compiled when its module is imported, so the convertors must be known before that.
paths.register()
