# shellcheck shell=bash
# What every hook knows of the host. Sourced; each hook may run any number of times, in any state of the host.
set -euo pipefail
trap 'exit 143' TERM # the agent's patience is over: whatever tidies up at the end still does
bundle=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# The folders of the host, and where SSM keeps its secrets. A host that has others says so in this file.
# shellcheck disable=SC2034  # the hooks that source this use them
root=/opt/dream run=/run/dream etc=/etc/dream user=dream nginx=127.0.0.1:443 secrets=''
host=${DREAM_HOST_FILE:-/etc/dream/host.env}
# shellcheck source=/dev/null
[[ ! -r $host ]] || . "$host"
release=$root/releases/$(<"$bundle/release")
# shellcheck disable=SC2034
environment=$root/environments/$(sha256sum "$bundle/requirements.lock" | cut -c1-16)

log() { printf '%s %s: %s\n' "$(date -u +%H:%M:%S)" "${LIFECYCLE_EVENT:-by hand}" "$*"; }

fail() {
    log "$*" >&2
    exit 1
}

as_service() { # COMMAND...: as the service's user, with its settings
    (
        set -a
        # shellcheck source=/dev/null
        . "$etc/dream.env"
        # shellcheck source=/dev/null
        [[ ! -r $etc/secrets.env ]] || . "$etc/secrets.env"
        set +a
        cd /
        if [[ $(id -un) == "$user" ]]; then exec "$@"; else exec runuser --user "$user" -- "$@"; fi
    )
}

turn() { # LINK TARGET: at once, for whoever looks
    ln -sfn "$2" "$1.next"
    mv -T "$1.next" "$1"
}

live() { # the colour that readers reach, nothing before the first deployment
    [[ ! -L $root/live ]] || basename "$(readlink "$root/live")"
}

other() { # COLOUR
    if [[ $1 == blue ]]; then echo green; else echo blue; fi
}

active() { systemctl is-active --quiet "dream-web@$1.service"; }

ready() { # COLOUR
    curl --silent --fail --max-time 5 --output /dev/null --unix-socket "$run/$1/web.sock" http://dream/readyz
}

tell() { # WHERE...: a whole story, as a reader would ask for it
    "$release/environment/bin/python" "$bundle/scripts/smoke" "$@"
}

last_lines() { # COLOUR: what it said
    journalctl --no-pager --lines 20 --unit "dream-web@$1.service" 2>/dev/null || true
}
