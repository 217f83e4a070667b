#!/bin/sh
# @temporalio/client 1.24.0 (grpc-js 1.14.7): Connection.close() forgets calls that wait for their next attempt. The attempt is
# made all the same, on a channel that is shut down, and the error is raised from a timer: no caller can catch it, by default it
# ends the process, and the promise of the call itself never settles. An interceptor behind the client's own that turns the
# raised error into a status makes the call fail as it should.
#
# Seen: by itself: raised from a timer, call pending; with an interceptor: nothing raised, call rejected
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @temporalio/client@1.24.0 @grpc/grpc-js@1.14.7
cat > ask.js <<'JS'
import { setTimeout as pause } from 'node:timers/promises';
import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

const ended = (options, nextCall) => {
  try {
    return nextCall(options);
  } catch {
    return {
      start: (metadata, listener) => listener.onReceiveStatus({ code: 1, details: 'closed', metadata }),
      sendMessage() {},
      halfClose() {},
    };
  }
};
async function closeBetweenRetries(options) {
  let raised = 'nothing raised';
  let call = 'call pending';
  const note = () => {
    raised = 'raised from a timer';
  };
  process.on('uncaughtException', note);
  // Nothing listens there: every attempt fails in passing.
  const connection = Connection.lazy({ address: '127.0.0.1:1', ...options });
  connection.workflowService.listNamespaces({}).catch(() => {
    call = 'call rejected';
  });
  await pause(60);
  await connection.close();
  await pause(2000);
  process.off('uncaughtException', note);
  return `${raised}, ${call}`;
}
const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), ended];
console.log(`by itself: ${await closeBetweenRetries({})}; with an interceptor: ${await closeBetweenRetries({ interceptors })}`);
JS
node ask.js | tee seen
grep -qx "by itself: raised from a timer, call pending; with an interceptor: nothing raised, call rejected" seen
