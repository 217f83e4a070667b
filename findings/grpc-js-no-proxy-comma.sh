#!/bin/sh
# @grpc/grpc-js 1.14.7: a comma at the end of no_proxy turns every proxy off, and "ample.org" exempts "example.org".
#
# Lists in no_proxy are written by scripts that append, so that empty entries ("localhost,") and blanks after commas are common;
# curl, Go and Python pass over them. grpc-js asks `host.endsWith(entry)` for each: the empty entry matches every host, and an
# entry matches in the middle of a name. A client behind a proxy then tries to connect directly and times out.
#
# Seen: asked for "temporal.example.org:7233" with no_proxy "localhost": through the proxy; with "localhost,": never
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @grpc/grpc-js@1.14.7
cat > ask.cjs <<'JS'
const http = require('node:http');
const { Client, credentials } = require('@grpc/grpc-js');
const proxy = http.createServer().listen(0, '127.0.0.1', () => {
  process.env.grpc_proxy = `http://127.0.0.1:${proxy.address().port}`;
  const client = new Client('temporal.example.org:7233', credentials.createInsecure());
  client.waitForReady(Date.now() + 2000, () => done('directly'));
});
const done = (how) => { console.log(`no_proxy=${JSON.stringify(process.env.no_proxy)}: ${how}`); process.exit(0); };
proxy.on('connect', (request) => done(`through the proxy (${request.url})`));
JS
for list in 'localhost' 'localhost,other.org'; do
  no_proxy=$list node ask.cjs 2>/dev/null | tee seen
  grep -q 'through the proxy' seen
done
for list in 'localhost,' 'ample.org'; do
  no_proxy=$list node ask.cjs 2>/dev/null | tee seen
  grep -q 'directly' seen
done
