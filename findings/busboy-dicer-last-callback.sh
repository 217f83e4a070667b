#!/bin/sh
# @fastify/busboy 3.2.0: Dicer, its parser of multipart bodies, does not call back for the write in which the last part ends, where
# that part was larger than its stream's buffer at that moment. Who waits for each write's callback before the next one waits for
# ever, although all parts and `finish` have come. Waiting for `finish` as well is the way out.
#
# Seen: "parts 1, finish true, callback false"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . @fastify/busboy@3.2.0 > log 2>&1 || { cat log; exit 1; }
cat > seen.cjs <<'EOF'
const { Dicer } = require('@fastify/busboy');
const dicer = new Dicer({ boundary: 'b' });
let parts = 0;
let finish = false;
let callback = false;
dicer.on('part', (part) => part.on('data', () => {}).on('end', () => (parts += 1)));
dicer.on('finish', () => (finish = true));
const head = Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n');
dicer.write(Buffer.concat([head, Buffer.alloc(200_000), Buffer.from('\r\n--b--\r\n')]), () => (callback = true));
setTimeout(() => console.log(`parts ${parts}, finish ${finish}, callback ${callback}`), 1_000);
EOF
node seen.cjs | tee said
grep -q 'parts 1, finish true, callback false' said
