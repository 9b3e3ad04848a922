"""An agent of git-lfs that sends by Xet what git pushes, as git-xet does: JSON lines on both sides.

Everything that it needs comes with the answer to git-lfs's batch call: where the CAS is, a token,
and where to have another.
"""

import json
import os
import sys
import urllib.request

import hf_xet


def tell(**message):
    print(json.dumps(message), flush=True)


def upload(request):
    action = request["action"]
    header = action["header"]

    def refresh():
        credentials = {"Authorization": f"Bearer {os.environ['HF_TOKEN']}"}
        asked = urllib.request.Request(action["href"], headers=credentials)
        told = json.load(urllib.request.urlopen(asked, timeout=60))
        return told["accessToken"], told["exp"]

    token = header["X-Xet-Access-Token"], int(header["X-Xet-Token-Expiration"])
    assert header["X-Xet-Session-Id"]
    hf_xet.upload_files([request["path"]], header["X-Xet-Cas-Url"], token, refresh, None, None)


for line in sys.stdin:
    request = json.loads(line)
    if request["event"] == "init":
        # Downloads are not for this transfer: git-lfs must have been told to use its own.
        assert request["operation"] == "upload", request
        print("{}", flush=True)
    elif request["event"] == "upload":
        upload(request)
        tell(event="complete", oid=request["oid"])
    else:
        break
