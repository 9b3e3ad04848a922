"""Git's smart protocol over the rows: what git says on the wire, and packs in both directions.

pkt_lines         the framing of every message
advertisement     what is here and what we can do: protocols 0, 1 and 2
fetch_request     what a client wants, has and leaves out, in either protocol
object_rows       objects in bulk, with bounded memory
negotiation       which of its commits are ours too, and when that is enough
graph             the repository's commits, read as far as a walk goes
boundaries        shallow clones: where a history is cut
selection         which objects travel
tree_walk         the folders and files among them, found by comparing neighbours
deltas            one version of an object as a change of another
pack_writing      objects as a pack
pack_cache        packs of whole repositories, kept for the clones that follow
tables            rows of packs that are kept
stored_packs      a pack of a whole repository that restarts and other servers find
packing           the job that makes one
packing_requests  asking for that
upload_pack       a fetch, from the request to the last byte
push_request      which refs a client wants to move
push_rules        which of them may move
pack_reading      the objects of a pack that somebody sent
pack_bytes        its bytes: heads, streams, trailer
delta_making      what a delta in it makes
object_rules      whether a commit, a tree or a tag is one that git would make
arrivals          what the refs of a push lead to, and whether it may come in
tree_sizes        how much a folder unfolds to
storing           what arrived, kept
push_report       what became of a push, in git's words
receive_pack      a push, from the pack to the report
adopting          a history that comes whole, from another hub or a bundle

Knows no HTTP: ``hub/api/git.py`` does. An object that a repository does not hold cannot be asked
for, and one that arrived is kept only if a ref that moved leads to it.
"""
