import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { retryUntilClosed } from '../../planning/temporal-connection.js';

describe('a connection to Temporal', () => {
  /** Nothing listens there: every call fails in passing, and is tried again. */
  const nowhere = () => Connection.lazy({ address: '127.0.0.1:1', interceptors: retryUntilClosed() });

  it('can be closed while calls are tried again: they fail, and nothing else happens', async () => {
    const connection = nowhere();
    const asked = Promise.allSettled([1, 2, 3].map(() => connection.workflowService.listNamespaces({})));
    await pause(60);
    await connection.close();
    for (const { status, reason } of (await asked) as PromiseRejectedResult[]) {
      assert.equal(status, 'rejected');
      assert.match(String(reason), /Channel has been shut down/);
    }
  });

  it('refuses calls once it is closed', async () => {
    const connection = nowhere();
    await connection.close();
    await assert.rejects(connection.workflowService.listNamespaces({}), /Channel has been shut down/);
  });
});
