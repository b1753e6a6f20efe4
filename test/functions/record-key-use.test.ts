// SPDX-License-Identifier: Apache-2.0
// CloudTrail's events as the queue delivers them, down to the incident that an odd one opens.
import '#test/support/functions.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { current, renewWorld } from '#test/support/functions.ts';
import { withActiveKey } from '#test/support/steps.ts';
import { CONSUMER } from '#test/support/world.ts';

const { handler } = await import('#functions/record-key-use/handler.ts');
const ACCOUNT = process.env['ACCOUNT_ID'] ?? '';
const STRANGER = `arn:aws:iam::${ACCOUNT}:role/stranger`;

beforeEach(async () => {
  await renewWorld();
  await withActiveKey(current.world);
});

async function tell(principal: string, patch: object = {}, eventName = 'Decrypt') {
  const { keyArn } = await current.world.version(1);
  const event = {
    source: 'aws.kms',
    account: ACCOUNT,
    detail: {
      eventID: crypto.randomUUID(),
      eventName,
      eventTime: '2026-01-01T00:00:00Z',
      recipientAccountId: ACCOUNT,
      userIdentity: { sessionContext: { sessionIssuer: { arn: principal } } },
      resources: [{ ARN: keyArn }],
    },
    ...patch,
  };
  return handler({ Records: [{ body: JSON.stringify(event) }] });
}
const incidents = () => current.world.incidents.listIncidents();

describe('a batch of CloudTrail events', () => {
  it('opens an incident for a role that nobody registered', async () => {
    expect(await tell(STRANGER)).toEqual({ batchItemFailures: [] });

    expect(await incidents()).toMatchObject([
      { openedBy: 'system/detection', keys: ['orders'], type: 'leaked-credential' },
    ]);
  });

  it('opens one for a role that only begins as ours do', async () => {
    await tell(`arn:aws:iam::${ACCOUNT}:role/keyturn-local-workload-stranger`);

    expect(await incidents()).toHaveLength(1);
  });

  it('opens none for who is in the access list, and for roles of Keyturn', async () => {
    await tell(CONSUMER);
    await tell(`arn:aws:iam::${ACCOUNT}:role/keyturn-local-use-key`);

    expect(await incidents()).toEqual([]);
  });

  it.each([
    ['of another source', { source: 'app.kms' }],
    ['of another account', { account: '999999999999' }],
    ['without a key', { detail: {} }],
  ])('opens none for an event %s', async (_what, patch) => {
    await tell(STRANGER, patch);

    expect(await incidents()).toEqual([]);
  });

  it('is counted although its finding cannot be written', async () => {
    const { incidents: rows } = current.world;
    rows.commitIncident = async () => {
      throw new Error('the table is away');
    };

    expect(await tell(STRANGER)).toEqual({ batchItemFailures: [] });
  });
});
