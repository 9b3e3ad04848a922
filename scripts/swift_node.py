"""One-node OpenStack Swift in one process: proxy with the S3 API, account, container, object.

Run by Debian's own Python (package python3-swift): `/usr/bin/python3 scripts/swift_node.py FOLDER`.
Listens on free ports of the loopback interface and writes `url` into the folder once it answers:
http://KEY:SECRET@127.0.0.1:PORT, keys that were made for this run. One replica, nothing synced:
Swift's behaviour without its durability.
"""

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import quote

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402
from swift.common import utils  # noqa: E402

KEY = "test:tester"

SWIFT_CONF = """
[swift-hash]
swift_hash_path_suffix = paddock
[swift-constraints]
max_header_size = 16384
"""

STORAGE_CONF = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_name = {kind}
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
allow_versions = true
"""

PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}
log_name = proxy
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth bulk copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
object_post_as_copy = false
recoverable_node_timeout = 30
node_timeout = 30
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
allow_multipart_uploads = true
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


class Cache:
    """What Swift asks of memcached, in this process."""

    def __init__(self):
        self._kept = {}

    def get(self, key, **_):
        return self._kept.get(key)

    def set(self, key, value, **_):
        self._kept[key] = value

    def delete(self, key, **_):
        self._kept.pop(key, None)

    def incr(self, key, delta=1, **_):
        self._kept[key] = int(self._kept.get(key) or 0) + delta
        return self._kept[key]


def main(folder: Path) -> None:
    secret = secrets.token_hex(20)
    (folder / "swift.conf").write_text(SWIFT_CONF)
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")  # else it reads /etc/swift
    utils.validate_configuration()
    os.fsync = lambda _fd: None
    sockets = {kind: _listen() for kind in ("account", "container", "object", "proxy")}
    for kind in ("account", "container", "object"):
        _write_ring(folder, kind, sockets[kind].getsockname()[1])
        (folder / f"{kind}.conf").write_text(STORAGE_CONF.format(folder=folder, kind=kind))
    (folder / "proxy.conf").write_text(PROXY_CONF.format(folder=folder, secret=secret))
    (folder / "disks/d1").mkdir(parents=True, exist_ok=True)
    serving = [_serve(folder / f"{kind}.conf", listening) for kind, listening in sockets.items()]
    url = f"http://{quote(KEY)}:{secret}@127.0.0.1:{sockets['proxy'].getsockname()[1]}"
    (folder / "url.new").write_text(url + "\n")
    (folder / "url.new").rename(folder / "url")
    for thread in serving:
        thread.wait()


def _listen() -> eventlet.greenio.GreenSocket:
    return eventlet.listen(("127.0.0.1", 0), backlog=512)


def _write_ring(folder: Path, kind: str, port: int) -> None:
    from swift.common.ring import RingBuilder

    builder = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
    device = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1}
    builder.add_dev({**device, "id": 0})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def _serve(conf: Path, listening: eventlet.greenio.GreenSocket) -> eventlet.greenthread.GreenThread:
    from swift.common.wsgi import NullLogger, SwiftHttpProtocol, loadapp

    app = loadapp(str(conf), global_conf={"log_name": conf.stem})
    options = {"protocol": SwiftHttpProtocol, "socket_timeout": 60, "max_size": 1024}
    # The S3 API's clients need "ETag", not "Etag".
    options["capitalize_response_headers"] = False
    cache = Cache()

    def cached(environ, start_response):
        environ["swift.cache"] = cache
        return app(environ, start_response)

    return eventlet.spawn(wsgi.server, listening, cached, NullLogger(), **options)


main(Path(sys.argv[1]))
