"""``hub_client.py upload|download REPOSITORY FOLDER``, by huggingface_hub."""

import sys

from huggingface_hub import HfApi

way, repo, folder = sys.argv[1:4]
if way == "upload":
    HfApi().upload_folder(repo_id=repo, folder_path=folder)
else:
    HfApi().snapshot_download(repo, local_dir=folder, max_workers=2)
