#!/bin/sh
# DCMTK 3.6.7 (Debian's dcmtk): storescp answers to any AE title. `--aetitle` is what it is called, and not what it has to be
# called by: an association for another title is accepted, and so is one from any. Whoever wants peers allowed by name has to put
# something in front of it, or use dcmqrscp.
#
# Seen: `echoscu --call SOMEBODY-ELSE` of a storescp that is MAMMOFLOW is answered "Received Echo Response (Success)"
set -eu
work=$(mktemp -d)
trap 'kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
server=
command -v storescp > /dev/null || apt-get install -qq --yes --no-install-recommends dcmtk > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
storescp --version | head -1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
storescp --aetitle MAMMOFLOW --output-directory "$work" "$port" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  echoscu --aetitle MAMMO1 --call MAMMOFLOW 127.0.0.1 "$port" 2> /dev/null && break
  sleep 1
done
echoscu --verbose --aetitle STRANGER --call SOMEBODY-ELSE 127.0.0.1 "$port" 2>&1 | tee "$work/said"
grep -q 'Received Echo Response (Success)' "$work/said"
