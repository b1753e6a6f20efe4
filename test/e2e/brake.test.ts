// SPDX-License-Identifier: Apache-2.0
// A consumer that calls KMS itself, in a loop: its role is refused once the mass brake is on it, another role is not, and once the
// brake is lifted it goes on.
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { Client, ResponseOf } from '#client/sdk/index.ts';
import { kmsAs } from '#scripts/local/story/actors.ts';
import { approvedBySignatures } from '#scripts/local/story/signed-votes.ts';
import { until } from '#scripts/local/waiting.ts';
import { ended, freshName, keyRequest, person, ROOT_CREDENTIALS } from './scene.ts';

type Brake = ResponseOf<'getBrake'>;

const stack = inject('stack');
const root = { endpoint: stack.gatewayUrl, region: stack.region, credentials: ROOT_CREDENTIALS };
const policy = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } });

let alice: Client;
beforeAll(async () => {
  alice = await person('alice');
});

/** A role of an application, and KMS as a session of it that is never renewed. */
async function consumer(topic: string): Promise<{ arn: string; kms: KMSClient }> {
  const iam = new IAMClient(root);
  const RoleName = freshName(topic);
  const trust = {
    Action: 'sts:AssumeRole',
    Principal: { AWS: `arn:aws:iam::${stack.account}:root` },
  };
  const AssumeRolePolicyDocument = policy(trust);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  const use = { Action: ['kms:Encrypt', 'kms:Decrypt'], Resource: '*' };
  const document = { RoleName, PolicyName: 'use', PolicyDocument: policy(use) };
  await iam.send(new PutRolePolicyCommand(document));
  const arn = Role?.Arn ?? '';
  const sts = new STSClient(root);
  const { Credentials: session } = await sts.send(
    new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'loop' }),
  );
  const kms = kmsAs(stack, {
    accessKeyId: session?.AccessKeyId ?? '',
    secretAccessKey: session?.SecretAccessKey ?? '',
    sessionToken: session?.SessionToken ?? '',
  });
  return { arn, kms };
}

/** A key of an application, and something encrypted under it at KMS. */
async function encrypted(application: string, { arn, kms }: { arn: string; kms: KMSClient }) {
  const name = freshName('braked');
  const access = [{ principal: arn, rights: ['encrypt' as const, 'decrypt' as const] }];
  const { body } = await alice.createKey({ ...keyRequest(name), application, access });
  expect((await ended(alice, body.operationId)).state).toBe('done');
  const Plaintext = Buffer.from('order 4711');
  const encrypt = new EncryptCommand({ KeyId: `alias/keyturn/${stack.stage}/${name}`, Plaintext });
  const { CiphertextBlob } = await kms.send(encrypt);
  return () => kms.send(new DecryptCommand({ CiphertextBlob }));
}

/** Decrypts until a try ends as asked for. */
const decrypts = (decrypt: () => Promise<unknown>, isAllowed: boolean) =>
  until(
    async () => {
      const outcome = await decrypt().then(
        () => true,
        (error: Error) => error.name !== 'AccessDeniedException',
      );
      return outcome === isAllowed;
    },
    { timeoutSeconds: 120, what: `KMS to ${isAllowed ? 'allow' : 'refuse'} it` },
  );
const inState = (id: string, state: Brake['state']) =>
  until<Brake>(
    async () => {
      const { body } = await alice.getBrake(id);
      return body.state === state && body;
    },
    // A schedule looks each minute, and a lift is confirmed by the look behind the first one.
    { timeoutSeconds: 200, what: `${id} to be ${state}` },
  );

describe('the mass brake', () => {
  it('has KMS refuse the roles of an application until a quorum lifts it, and no others', async () => {
    const [stolen, other] = await Promise.all([consumer('stolen'), consumer('other')]);
    const application = freshName('shop');
    const [decrypt, decryptOther] = await Promise.all([
      encrypted(application, stolen),
      encrypted(freshName('depot'), other),
    ]);
    await decrypts(decrypt, true);
    const scope = { kind: 'application', value: application } as const;
    // The list of an application's keys lags behind.
    const answer = await until(
      async () => {
        const asked = { scope, reason: 'a library sends keys away', emergency: true } as const;
        return alice.applyBrake(asked).catch((error) => error.status !== 400 && error);
      },
      { timeoutSeconds: 30, what: `a key of ${application}` },
    );
    const { brakeId, reviewId } = answer.body;
    expect(reviewId).toMatch(/^apr_/);

    await decrypts(decrypt, false);
    const applied = await inState(brakeId ?? '', 'applied');
    expect(applied.roles).toMatchObject([{ role: stolen.arn, state: 'applied', cause: null }]);
    await expect(decrypt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await decrypts(decryptOther, true);

    const { approvalId } = (await alice.liftBrake(applied.id, { reason: 'replaced' })).body;
    await expect(decrypt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const site = { stack, asks: alice };
    expect(await approvedBySignatures(site, approvalId ?? '', ['bob', 'carol'])).toBe(applied.id);
    await decrypts(decrypt, true);
    const lifted = await inState(applied.id, 'lifted');
    expect(lifted.roles).toMatchObject([{ role: stolen.arn, state: 'lifted' }]);
    await decrypt();
  });

  it('is applied by a quorum to one role, at once', async () => {
    const suspect = await consumer('suspect');
    const decrypt = await encrypted(freshName('depot'), suspect);
    const scope = { kind: 'role', value: suspect.arn } as const;
    const { body } = await alice.applyBrake({ scope, reason: 'odd reads' });
    expect(body).toMatchObject({ brakeId: null, reviewId: null });
    const approval = (await alice.getApproval(body.approvalId ?? '')).body;
    expect(approval).toMatchObject({ action: 'brake.apply', required: 2 });
    expect(approval.canonical.rule).toMatchObject({ signed: true });
    await decrypt();

    const site = { stack, asks: alice };
    const id = await approvedBySignatures(site, approval.id, ['bob', 'carol']);
    await decrypts(decrypt, false);
    const { startedAt, confirmedAt, roles } = await inState(id, 'applied');
    expect(roles).toMatchObject([{ role: suspect.arn, state: 'applied' }]);
    // By its event: the schedule would come within the minute.
    const seconds = (Date.parse(confirmedAt ?? '') - Date.parse(startedAt)) / 1000;
    expect(seconds).toBeLessThan(30);

    const { approvalId } = (await alice.liftBrake(id)).body;
    await approvedBySignatures(site, approvalId ?? '', ['bob', 'carol']);
    await decrypts(decrypt, true);
  });

  it('is refused for a role that Keyturn itself needs', async () => {
    const value = `arn:aws:iam::${stack.account}:role/keyturn-local-reencrypt`;
    const own = { scope: { kind: 'role', value }, reason: 'asked' } as const;
    for (const emergency of [true, false])
      await expect(alice.applyBrake({ ...own, emergency })).rejects.toMatchObject({
        ...{ status: 409, code: 'RoleProtected' },
      });
  });
});
