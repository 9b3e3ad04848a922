"""The release's folder, made step by step, so that a killed build goes on where it was.

build             the order of the work, and where its result goes
inputs            what a build is told, and what it gives back
work_folder       where the work lives, locked for one process
steps             each is done once, recorded, and skipped afterwards
earlier_build     what is left of a build that was finished
deriving_steps    the checkpoint that a release derives
checkpoint_steps  the checkpoint that may leave: derived, without what is withheld
stage             a checkpoint that outputs are made from
weights           every form of the weights, in few passes
gguf_keys         what a GGUF file says about its origin
contents          files put together into one folder
candidate         everything but what is written about it
scanning          what the scanners say of the files
checking          whether the outputs open and run
running           a model in the engine
quality           how close outputs are to their source, as conditions and facts
measuring         the same, measured over sample texts
divergence        the same, computed
previous          the release that this one supersedes
published         what hubs and registries hold already, as values
leaking           whether anything withheld is in the candidate
earlier           whether it was published before, at hubs and in registries
provenance        attestations of how outputs were made, scanned and run
writing           what documents are made of
private_documents  those for authorities alone, beside the release
release_document  what release.json says
finishing         documents, gate, release.json, signatures
"""
