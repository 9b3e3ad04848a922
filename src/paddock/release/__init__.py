"""From a checkpoint to a signed, published release, and its verification at the other end.

spec        what a release.yaml says, and how it is read
planning    what a release would be, and what forbids it
withholding  what is kept back: removed or replaced, and committed to
deriving    steps that make the released checkpoint out of another
licences    duties, grants and conflicts of the terms that a release inherits
leaks       whether something withheld is in what would leave
documents   everything written about a release, out of its facts
gate        what must be true before a release leaves
building    the release's folder
signatures  who vouches for it
publishing  to a hub, a folder, a registry
lifecycle   what becomes of a release afterwards
verifying   whether it is exactly what trusted keys signed
files       what is on disk, read and copied while somebody may change it
releasing   plan, build, publish
facts       what is claimed, and where each claim comes from
evidence    a condition, whether it is met, and what shows it
target      a path, or a repository of a hub
errors      what can go wrong
"""
