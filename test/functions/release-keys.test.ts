// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, current, renewWorld, request } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';

const { handler } = await import('#functions/release-keys/handler.ts');

const release = (call: Partial<Call> = {}) =>
  request(handler, 'releaseKey', {
    as: { person: 'alice' },
    path: { name: 'orders' },
    body: { reason: 'own team' },
    headers: { 'Idempotency-Key': 'release-1' },
    ...call,
  });

beforeEach(async () => {
  await withActiveKey(await renewWorld());
});

describe('POST /v1/keys/{name}/releases', () => {
  it('answers 202 with the operation, and starts it', async () => {
    const answer = await release();

    expect(answer.status).toBe(202);
    const { operationId } = answer.body;
    expect(await current.world.store.readOperation(operationId)).toMatchObject({
      kind: 'update-access',
      isRelease: true,
      requestedBy: 'usr_alice',
    });
    expect(current.world.workflows.started.at(-1)).toMatchObject({ operationId });
  });

  it.each(['olga', 'bob', 'ada'])('is not for %s', async (person) => {
    expect((await release({ as: { person } })).status).toBe(403);
  });

  it('answers 404 for an unknown key, 400 without an Idempotency-Key and for a wrong body', async () => {
    expect((await release({ path: { name: 'none' } })).status).toBe(404);
    expect((await release({ headers: {} })).status).toBe(400);
    expect((await release({ body: { force: true } })).status).toBe(400);
    expect((await current.world.key()).lease).toBeNull();
  });
});
