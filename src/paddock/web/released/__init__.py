"""The tab "Release": what a release says of itself, each thing with who says it.

page       the routes
openness   how open it is, computed
duties     what its licences ask and allow
history    what was announced of it
documents  what it carries to be read
earlier    the releases that tags lead to
changes    what is different from the release before
"""
