#!/bin/sh
# versitygw 1.8.0 (posix, --versioning-dir): two ways in which versions are not what S3 says.
#
# 1. ListObjectVersions names the last entry of a page again as the first of the next, so whoever counts or sums over pages
#    counts too much (a program that deletes what it lists deletes some twice). Nothing is left out.
# 2. An object stored before versioning was enabled has the version id "null". GetObject finds it by that id; HeadObject and
#    CopyObject answer 404 NotFound and NoSuchVersion, as long as it is the newest version of its key. Without an id both
#    find it, and with a newer version above it CopyObject finds it by its id, too. S3 takes "null" for an id everywhere.
#
# Seen: 1,200 keys listed as 1,201 entries; get null: found, head null: NotFound, copy null: NoSuchVersion
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
gateway=${VERSITYGW:-}
if [ -z "$gateway" ]; then
  GOBIN=$work GOFLAGS=-modcacherw GOPATH=$work/go go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
  gateway=$work/versitygw
fi
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @aws-sdk/client-s3@3.1169.0
mkdir data versions
port=$((20000 + $$ % 20000))
ROOT_ACCESS_KEY_ID=key ROOT_SECRET_ACCESS_KEY=secret-secret "$gateway" --port "127.0.0.1:$port" --quiet \
  posix --versioning-dir "$work/versions" "$work/data" > server.log 2>&1 &
server=$!
cat > ask.js <<'JS'
import * as s3 from '@aws-sdk/client-s3';
const client = new s3.S3Client({
  endpoint: `http://127.0.0.1:${process.argv[2]}`, region: 'us-east-1', forcePathStyle: true,
  credentials: { accessKeyId: 'key', secretAccessKey: 'secret-secret' }, maxAttempts: 10,
});
const send = (name, input) => client.send(new s3[`${name}Command`]({ Bucket: 'bucket', ...input }));
for (let tries = 0; ; tries += 1) {
  try { await send('CreateBucket', {}); break; } catch (error) {
    if (tries > 50) throw error;
    await new Promise((done) => setTimeout(done, 200));
  }
}
await send('PutObject', { Key: 'old', Body: 'old' });
await send('PutBucketVersioning', { VersioningConfiguration: { Status: 'Enabled' } });
const named = async (what, name, input) => {
  const seen = await send(name, input).then(() => 'found', (error) => error.name);
  console.log(`${what} null: ${seen}`);
};
await named('get', 'GetObject', { Key: 'old', VersionId: 'null' });
await named('head', 'HeadObject', { Key: 'old', VersionId: 'null' });
await named('copy', 'CopyObject', { Key: 'copy', CopySource: 'bucket/old?versionId=null' });
for (let at = 0; at < 1200; at += 24)
  await Promise.all(Array.from({ length: 24 }, (_, i) => send('PutObject', { Key: `page/${String(at + i).padStart(4, '0')}`, Body: 'x' })));
const entries = [];
for (let page, markers = {}; page === undefined || page.IsTruncated; ) {
  page = await send('ListObjectVersions', { Prefix: 'page/', ...markers });
  entries.push(...page.Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
  markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
}
console.log(`1200 keys, ${entries.length} entries, ${new Set(entries).size} different`);
client.destroy();
JS
node ask.js "$port" | tee seen
grep -q 'get null: found' seen
grep -q 'head null: NotFound' seen
grep -q 'copy null: NoSuchVersion' seen
grep -q '1200 keys, 1201 entries, 1200 different' seen
