#!/usr/bin/env bash
# Starts the server in the foreground and opens a session on the demo model once it is ready.
set -euo pipefail
cd "$(dirname "$0")/.."

open_session() {
    for _ in $(seq 300); do
        # $$ is the server by now: where it did not start, it has said why.
        kill -0 $$ 2>/dev/null || return
        ./viva session list >/dev/null 2>&1 && break
        sleep 0.2
    done
    if [ "$(./viva session list --status running --json | grep -c '"status":')" != 0 ]; then
        printf '\nA session is running already. Talk to it in another terminal:\n\n    ./viva chat\n\n'
        return
    fi
    if ./viva session create --model demo --wait; then
        printf '\nTalk to it in another terminal:\n\n    ./viva chat\n\n'
    fi
}

open_session &
exec ./viva serve
