#!/bin/sh
# A private OpenStack Swift for tests: one node, its S3 API on a free loopback port; not durable.
#
#   scripts/swift.sh start    start it unless it runs
#   scripts/swift.sh url      start it unless it runs, and print http://KEY:SECRET@127.0.0.1:PORT
#   scripts/swift.sh stop     stop it and forget its objects
#
# It runs as whoever calls, root or not. Each checkout has its own; any number of callers at once is
# fine. Buckets are made by whoever needs one.
set -eu

. "$(dirname "$0")/private_folder.sh"
folder=$(private_folder swift)

fail() {
    echo "error: $1" >&2
    exit 1
}

# Debian's own Python knows Swift; an active environment's does not.
python=/usr/bin/python3
"$python" -c 'import swift' 2>/dev/null ||
    fail "Swift is not installed; run scripts/debian-packages.sh"

running() {
    [ -f "$folder/url" ] && [ -f "$folder/pid" ] && kill -0 "$(cat "$folder/pid")" 2>/dev/null &&
        grep -qz swift_node.py "/proc/$(cat "$folder/pid")/cmdline" 2>/dev/null
}

start() {
    if ! mkdir -m 700 "$folder" 2>/dev/null; then
        # Somebody else's folder of this name must not become our store.
        [ -O "$folder" ] || fail "$folder belongs to $(stat -c %U "$folder")"
    fi
    exec 9>"$folder.lock"
    flock 9
    running && return
    # It may have been stopped meanwhile, and another caller may just have made it anew.
    mkdir -m 700 "$folder" 2>/dev/null || [ -O "$folder" ] || fail "cannot make $folder"
    find "$folder" -mindepth 1 -delete
    # The server must not inherit the lock, or the next caller waits for ever.
    setsid "$python" "$(dirname "$0")/swift_node.py" "$folder" \
        </dev/null >"$folder/log" 2>&1 9>&- &
    echo $! >"$folder/pid"
    waited=0
    until [ -f "$folder/url" ]; do
        waited=$((waited + 1))
        { kill -0 "$(cat "$folder/pid")" 2>/dev/null && [ "$waited" -lt 600 ]; } ||
            fail "Swift did not start, see $folder/log"
        sleep 0.1
    done
}

stop() {
    if running; then kill "$(cat "$folder/pid")"; fi
    rm -rf "$folder" "$folder.lock"
}

case "${1-}" in
    start) start ;;
    url)
        start
        cat "$folder/url"
        ;;
    stop) stop ;;
    *)
        echo "usage: $0 start|stop|url" >&2
        exit 2
        ;;
esac
