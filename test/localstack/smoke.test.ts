// SPDX-License-Identifier: Apache-2.0
// The short way through the whole app on LocalStack: a key is generated and rotated, and an act that needs a quorum is
// done once two people have voted, by the same API, workflows, table and HSM as on the other emulator.
import { DecryptCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { beforeAll, expect, inject, it } from 'vitest';
import type { Client } from '#client/sdk/index.ts';
import { verifyChain } from '#core/audit/chain.ts';
import { until } from '#scripts/local/waiting.ts';
import { activeKey, ended, keyWithSilentConsumer, person, workload } from '../e2e/scene.ts';

const EncryptionContext = { order: '1' };

let alice: Client;
beforeAll(async () => {
  alice = await person('alice');
});

it('is LocalStack itself that answers', async () => {
  const { gatewayUrl, emulator } = inject('stack');

  const answer = await fetch(`${gatewayUrl}/_localstack/info`);

  expect(emulator).toBe('localstack');
  expect(await answer.json()).toMatchObject({ version: '4.14.0', is_license_activated: false });
});

it('rotates a key whose ciphertexts stay readable, and proves it', async () => {
  const { kms } = await workload();
  const name = await activeKey(alice, 'rotated');
  const alias = (await alice.getKey(name)).body.alias ?? undefined;
  const Plaintext = Buffer.from('before');
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId: alias, Plaintext, EncryptionContext }),
  );

  const { body } = await alice.startRotation(name);
  expect(await ended(alice, body.operationId)).toMatchObject({ state: 'done', cause: null });

  const { items } = (await alice.listVersions(name)).body;
  expect(items.map(({ version, state }) => [version, state])).toEqual([
    [1, 'deactivated'],
    [2, 'active'],
  ]);
  const read = await kms.send(
    new DecryptCommand({ KeyId: items[0]?.keyArn ?? '', CiphertextBlob, EncryptionContext }),
  );
  expect(Buffer.from(read.Plaintext ?? [])).toEqual(Plaintext);
  const audit = (await alice.readAudit(name, { limit: 200 })).body;
  expect(verifyChain(`key/${name}`, audit.items, audit.head)).toBeNull();
});

it('forces a rotation past a silent consumer once two custodians have voted', async () => {
  const name = await keyWithSilentConsumer(alice, 'forced');
  const [bob, carol] = await Promise.all([person('bob'), person('carol')]);
  const { body: rotation } = await alice.startRotation(name);
  await until(async () => (await alice.getRotation(rotation.operationId)).body.isWaiting, {
    timeoutSeconds: 120,
    what: 'the rotation to wait for its consumer',
  });

  const asked = (await alice.forceRotation(rotation.operationId, { reason: 'silent' })).body;
  const approval = (await bob.getApproval(asked.approvalId ?? '')).body;
  for (const custodian of [bob, carol]) {
    await custodian.castVote(approval.id, { decision: 'approve', digest: approval.digest });
  }

  expect(await ended(alice, rotation.operationId)).toMatchObject({ state: 'done' });
  expect((await alice.getApproval(approval.id)).body).toMatchObject({
    state: 'executed',
    executedAs: rotation.operationId,
  });
});
