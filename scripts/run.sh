#!/usr/bin/env bash
# Starts the server in the foreground. Once it is ready, opens the console in the person's browser, where there is one,
# and a session on the demo model.
set -euo pipefail
cd "$(dirname "$0")/.."

# Whether a browser would open before the person who typed `make run`.
has_desktop() {
    [ -z "${CI:-}" ] && [ -z "${SSH_CONNECTION:-}${SSH_TTY:-}" ] || return
    case "$(uname)" in
        Darwin) command -v open ;;
        *) [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open ;;
    esac >/dev/null
}

open_session() {
    for _ in $(seq 300); do
        # $$ is the server by now: where it did not start, it has said why.
        kill -0 $$ 2>/dev/null || return
        ./viva session list >/dev/null 2>&1 && break
        sleep 0.2
    done
    # The server has printed a link as well: that one stays good for another browser.
    if has_desktop; then
        ./viva login --open >/dev/null || true
    fi
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
