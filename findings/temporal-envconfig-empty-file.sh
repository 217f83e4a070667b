#!/bin/sh
# @temporalio/envconfig 1.24.0: a configuration file without any profile is an error that names neither file nor reason.
#
# Temporal's TOML file may be absent, and may lack the profile "default": then nothing is configured. A file that is empty, or
# holds comments only (as `touch` or a template leaves it, or TEMPORAL_CONFIG_FILE=/dev/null to have none), ends in a
# TypeError instead, for every program that loads its settings so. The Temporal CLI 1.9.1 reads the same file without
# complaint. A file that holds just "[profile.default]" is fine.
#
# Seen: TypeError: Cannot read properties of undefined (reading 'default')
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @temporalio/envconfig@1.24.0
cat > load.cjs <<'JS'
const { loadClientConnectConfig } = require('@temporalio/envconfig');
try {
  const overrideEnvVars = { TEMPORAL_CONFIG_FILE: process.argv[2] };
  console.log('read:', JSON.stringify(loadClientConnectConfig({ overrideEnvVars })));
} catch (error) {
  console.log(String(error));
}
JS
printf '# nothing yet\n' > empty.toml
printf '[profile.default]\n' > default.toml
printf '[profile.other]\naddress = "x:7233"\n' > other.toml
for file in default.toml other.toml; do
  node load.cjs "$file" | tee seen
  grep -q '^read:' seen
done
node load.cjs empty.toml | tee seen
grep -q "^TypeError: Cannot read properties of undefined (reading 'default')$" seen
