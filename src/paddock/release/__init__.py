"""From a checkpoint to a signed, published release, and its verification at the other end.

spec          what a release.yaml says, as values
spec_reader   the file, read
spec_policy   its sections on readers, signers and destinations
yaml_tree     YAML as values that remember their line
yaml_fields   typed access to them
prepare       from what the user names to a plan
assume        a release file for a bare folder
survey        the files of the source
formats       what a file is, and whether it may leave
paths         names of files in a release
plan          what a release would be, and what forbids it
plan_text     the same in words
facts         what is claimed, and where each claim comes from
card          the model card
card_licence  how it spells the licence
terms         duties that a licence puts on whoever passes a model on
licence_expression  SPDX expressions of licences
attributes    which files git keeps as large files
build         the release's folder
copying       files copied and digested in one pass
reading       files read and digested while somebody may change them
manifest      release.json
oms           the signature (OpenSSF Model Signing)
releasing     plan, build, publish
target        a path, or a repository of a hub
hub_client    talking to a hub
hub_state     what a repository holds now
publish       one commit and a tag, or nothing
pulling       a model's copy in the client's cache
fetch         a revision brought here to be judged
folder        what is really in a folder
verify        whether it is exactly what a trusted key signed
verdict       the answer
errors        what can go wrong
"""
