#!/bin/sh
# A private PostgreSQL for tests: no port, only a socket in a folder of its own; not durable.
#
#   scripts/postgresql.sh start    start it unless it runs
#   scripts/postgresql.sh url      start it unless it runs, and print its SQLAlchemy URL
#   scripts/postgresql.sh stop     stop it and forget its databases
#
# Started by root it runs as Debian's user "postgres", else as whoever calls. Each checkout has its
# own; any number of callers at once is fine.
set -eu

. "$(dirname "$0")/private_folder.sh"

fail() {
    echo "error: $1" >&2
    exit 1
}

folder=$(private_folder postgresql)
data="$folder/data"

# Debian keeps the server's programs out of PATH, one folder a version.
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$programs" ] || programs=$(dirname "$(command -v pg_ctl || echo /nowhere/pg_ctl)")
[ -x "$programs/pg_ctl" ] || fail "PostgreSQL is not installed; run scripts/debian-packages.sh"

if [ "$(id -u)" = 0 ]; then
    owner=postgres
    as_owner() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); }
else
    owner=$(id -un)
    as_owner() { "$@"; }
fi

running() {
    [ -f "$data/PG_VERSION" ] && as_owner "$programs/pg_ctl" -D "$data" status >/dev/null 2>&1
}

initialise() {
    rm -rf "$data"
    as_owner "$programs/initdb" -D "$data" -U paddock -A trust -E UTF8 --locale=C.UTF-8 \
        --no-sync >"$folder/initdb.log" 2>&1 || fail "initdb failed, see $folder/initdb.log"
    # Tests need its behaviour, not its durability.
    cat >>"$data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum_naptime = 10min
shared_buffers = 64MB
max_wal_size = 128MB
min_wal_size = 32MB
END
}

start() {
    if ! mkdir -m 700 "$folder" 2>/dev/null; then
        # Somebody else's folder of this name must not become our server.
        found=$(stat -c %U "$folder")
        [ "$found" = "$owner" ] || [ "$found" = "$(id -un)" ] || fail "$folder belongs to $found"
    fi
    exec 9>"$folder.lock"
    flock 9
    running && return
    chown "$owner" "$folder"
    [ -f "$data/PG_VERSION" ] || initialise
    # The server must not inherit the lock, or the next caller waits for ever.
    as_owner "$programs/pg_ctl" -D "$data" -l "$folder/log" -w -t 60 start >/dev/null 2>&1 9>&- ||
        fail "PostgreSQL did not start, see $folder/log"
}

stop() {
    running && as_owner "$programs/pg_ctl" -D "$data" -m immediate -w stop >/dev/null
    rm -rf "$folder" "$folder.lock"
}

case "${1-}" in
    start) start ;;
    url)
        start
        echo "postgresql+psycopg://paddock@/postgres?host=$folder"
        ;;
    stop) stop ;;
    *)
        echo "usage: $0 start|stop|url" >&2
        exit 2
        ;;
esac
