#!/usr/bin/env bash
# Which ports a firewall lets through: `unshare --net firewall.sh RULES PORT...` prints "outside: ..." for a neighbour on
# a cable, and "USER: ..." for two users of the host itself. All of them listen.
# shellcheck disable=SC2016,SC2154  # what is quoted runs elsewhere; bash itself sets the ids of coprocesses
set -euo pipefail
rules=$1
shift
knock='for port in "${@:2}"; do
    if timeout 0.5 bash -c "</dev/tcp/$1/$port" 2>/dev/null; then printf " %s" "$port"; fi
done'
listen='
import socket, sys
kept = [socket.create_server(("0.0.0.0", int(port))) for port in sys.argv[1:]]
print("up", flush=True)
sys.stdin.read()'

ip link set lo up
nft --file "$rules"
exec 2>"$rules.said"  # bash warns of a second coprocess
coproc neighbour { exec unshare --net sh -c 'echo up; read -r end'; }
read -r _ <&"${neighbour[0]}"
there() { nsenter --net --target "$neighbour_PID" "$@"; }
ip link add host type veth peer name guest netns "$neighbour_PID"
ip address add 10.9.0.1/24 dev host
ip link set host up
there ip address add 10.9.0.2/24 dev guest
there ip link set guest up

coproc listener { exec python3 -c "$listen" "$@"; }
read -r _ <&"${listener[0]}"
echo "outside:$(there bash -c "$knock" knock 10.9.0.1 "$@")"
for user in daemon nobody; do
    echo "$user:$(setpriv --reuid "$user" --clear-groups bash -c "$knock" knock 127.0.0.1 "$@")"
done
