"""From a checkpoint to a signed, published release, and its verification at the other end.

spec         what a release.yaml says, and how it is read
planning     what a release would be, and what forbids it
licences     duties, grants and conflicts of the terms that a release inherits
documents    everything written about a release, out of its facts
deriving     a checkpoint made from another, step by step
withholding  what is kept back, and what stands in its place
leaks        whether anything of that is in the release after all
gate         whether it may leave, and who says so
building     the release's folder
signatures   who vouches for it
publishing   to a hub, a folder, a registry
lifecycle    what happens to a release after it left
verifying    whether it is exactly what trusted keys signed
files        what is on disk, read and copied while somebody may change it
releasing    plan, build, publish
countersigning  a built release, signed by one person more
facts        what is claimed, and where each claim comes from
results      what evaluations found, with intervals
evidence     a condition, whether it is met, and what shows it
target       a path, or a repository of a hub
errors       what can go wrong
"""
