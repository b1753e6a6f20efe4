// SPDX-License-Identifier: Apache-2.0
// What CloudTrail tells of a key that nobody should use that way suspends it, where the rule says so for its class; what only
// looks like CloudTrail does nothing.
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EncryptCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, person, ROOT_CREDENTIALS, workload } from './scene.ts';

const PLAINTEXT = Buffer.from('order 4711');
const ROOT = 'arn:aws:iam::000000000000:root';

let alice: Client;
let asRoot: { endpoint: string; region: string; credentials: typeof ROOT_CREDENTIALS };
beforeAll(async () => {
  alice = await person('alice');
  const { gatewayUrl: endpoint, region } = inject('stack');
  asRoot = { endpoint, region, credentials: ROOT_CREDENTIALS };
});

/** Somebody opens the key past Keyturn and uses it as the account's root user. */
async function useAsStranger(keyId: string): Promise<void> {
  const kms = new KMSClient(asRoot);
  const open = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' }],
  };
  await kms.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: JSON.stringify(open) }));
  const use = () => kms.send(new EncryptCommand({ KeyId: keyId, Plaintext: PLAINTEXT }));
  // KMS shows a policy with a delay.
  const isAllowed = () => use().then(Boolean, () => false);
  await until(isAllowed, { timeoutSeconds: 30, what: 'KMS to show the policy' });
}

/** Events that say the same, by somebody who may put events onto buses. */
async function forge(keyArn: string): Promise<void> {
  const { account, region, eventBusName } = inject('stack');
  const detail = {
    eventID: 'forged',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Encrypt',
    eventTime: new Date().toISOString(),
    awsRegion: region,
    recipientAccountId: account,
    userIdentity: { type: 'Root', arn: ROOT },
    resources: [{ ARN: keyArn, accountId: account, type: 'AWS::KMS::Key' }],
  };
  const entry = { DetailType: 'AWS API Call via CloudTrail', Detail: JSON.stringify(detail) };
  const Entries = ['keyturn.signals', 'kms.amazonaws.com', 'keyturn'].flatMap((Source) =>
    ['default', eventBusName].map((EventBusName) => ({ ...entry, Source, EventBusName })),
  );
  await new EventBridgeClient(asRoot).send(new PutEventsCommand({ Entries: Entries as never }));
}

const versionOf = async (name: string) => {
  const [{ keyId, keyArn } = {}] = (await alice.listVersions(name)).body.items;
  return { keyId: keyId ?? '', keyArn: keyArn ?? '' };
};

describe('a use by somebody whom nobody registered', () => {
  it('suspends the key, and opens an incident that shows it; forged events do neither', async () => {
    const [forged, used] = [await activeKey(alice, 'forged'), await activeKey(alice, 'stranger')];
    await forge((await versionOf(forged)).keyArn);
    await useAsStranger((await versionOf(used)).keyId);

    const { body: key } = await until(
      async () => {
        const answer = await alice.getKey(used);
        return answer.body.state === 'suspended' && answer;
      },
      { timeoutSeconds: 90, what: `${used} to be suspended` },
    );
    expect(key.containment).toMatchObject({ kind: 'suspension', by: 'system/detection' });
    const { api } = await workload();
    await expect(
      api.encrypt(used, { plaintext: PLAINTEXT.toString('base64') }),
    ).rejects.toMatchObject({ status: 409 });

    const incidents = (await alice.listIncidents()).body.items;
    const of = (name: string) => incidents.filter(({ keys }) => keys.includes(name));
    const [incident] = of(used);
    expect(incident).toMatchObject({ openedBy: 'system/detection', type: 'leaked-credential' });
    const shown = (await alice.getIncident(incident?.id ?? '')).body;
    expect(shown.operations).toContain(key.containment?.operationId);

    expect(of(forged)).toEqual([]);
    expect((await alice.getKey(forged)).body.state).toBe('active');
  });
});
