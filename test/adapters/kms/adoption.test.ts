// SPDX-License-Identifier: Apache-2.0
// The adapters of an adoption against the key endpoint: marks, the policy that lets users in by itself, and giving back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  ListAliasesCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KmsAliasRemover, KmsKeyMarker, KmsPolicies } from '#adapters/kms/key-administration.ts';
import { roleName } from '#core/contract/environment.ts';
import { startEmulator, type TestEmulator } from '#test/emulator/support.ts';
import { consolePolicy } from '#test/support/foreign-keys.ts';

const ACCOUNT = '000000000000';
const SECRET = 'gateway-secret';
const SITE = { stage: 'local', account: ACCOUNT, partition: 'aws' };
const USER = `arn:aws:iam::${ACCOUNT}:role/orders-api`;
const PROVENANCE = { stage: 'local', name: 'orders', version: 1, operationId: 'op_1' };
const KMS_ALLOWED = [
  { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }] },
];

let folder: string;
let emulator: TestEmulator;
let keyId: string;
const root = () => emulator.kms();

/** A client under a role, with the identity policies that it has. */
function as(role: string, identityPolicies: readonly object[]): KMSClient {
  const client = emulator.kms();
  const principalArn = `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/session`;
  const caller = { principalArn, account: ACCOUNT, identityPolicies, isRoot: false };
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-keyturn-gateway-secret'] = SECRET;
      headers['x-keyturn-caller'] = Buffer.from(JSON.stringify(caller)).toString('base64url');
      return next(args);
    },
    { step: 'build' },
  );
  return client;
}
const ours = (name: Parameters<typeof roleName>[1]) => as(roleName('local', name), KMS_ALLOWED);
/** The user of the key, whom IAM lets do nothing. */
const user = () => as('orders-api', []);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  writeFileSync(join(folder, 'secret'), SECRET);
  emulator = await startEmulator({ gatewaySecretPath: join(folder, 'secret') });
});
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const Tags = [{ TagKey: 'team', TagValue: 'orders' }];
  const made = await root().send(new CreateKeyCommand({ Policy: consolePolicy(USER), Tags }));
  keyId = made.KeyMetadata?.KeyId ?? '';
});

const tags = async () =>
  Object.fromEntries(
    ((await root().send(new ListResourceTagsCommand({ KeyId: keyId }))).Tags ?? []).map(
      ({ TagKey, TagValue }) => [TagKey, TagValue],
    ),
  );
const policies = () => new KmsPolicies(ours('apply-policy'), SITE);
const roundTrip = async () => {
  const { CiphertextBlob } = await user().send(
    new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('x') }),
  );
  return user().send(new DecryptCommand({ CiphertextBlob }));
};

describe('the mark of an adopted key', () => {
  it('says whose version it is, that it is recorded, and that it was adopted; other tags stay', async () => {
    const marker = new KmsKeyMarker(ours('adopt-version'));
    await marker.mark(keyId, PROVENANCE);
    await marker.mark(keyId, PROVENANCE);

    expect(await tags()).toEqual({
      team: 'orders',
      'keyturn:stage': 'local',
      'keyturn:key': 'orders',
      'keyturn:version': '1',
      'keyturn:operation': 'op_1',
      'keyturn:recorded': 'true',
      'keyturn:adopted': 'true',
    });
  });

  it('comes off for its own operation, and for no other', async () => {
    const marker = new KmsKeyMarker(ours('compensate-operation'));
    await marker.mark(keyId, PROVENANCE);
    await marker.unmark(keyId, 'op_2');
    expect(await tags()).toHaveProperty('keyturn:stage');

    await marker.unmark(keyId, 'op_1');
    await marker.unmark(keyId, 'op_1');
    expect(await tags()).toEqual({ team: 'orders' });
  });
});

describe('the policy of an adopted key', () => {
  const NAMED = [
    { principal: USER, rights: ['encrypt', 'decrypt'] as const, isNamed: true as const },
  ];

  it('lets a user in whom only the key policy let in before, and whom IAM lets do nothing', async () => {
    await expect(roundTrip()).resolves.toBeDefined();

    await policies().applyPolicy(keyId, 'active', NAMED);

    await expect(roundTrip()).resolves.toBeDefined();
    await expect(user().send(new DescribeKeyCommand({ KeyId: keyId }))).resolves.toBeDefined();
    expect(await policies().hasPolicy(keyId, 'active', NAMED)).toBe(true);
  });

  it('lets nobody else in by it, and refuses its user without it', async () => {
    await policies().applyPolicy(keyId, 'active', NAMED);
    const other = as('other', []).send(
      new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('x') }),
    );
    await expect(other).rejects.toMatchObject({ name: 'AccessDeniedException' });

    await policies().applyPolicy(keyId, 'active', [
      { principal: USER, rights: ['encrypt', 'decrypt'] },
    ]);
    await expect(roundTrip()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('is put back word for word', async () => {
    const document = consolePolicy(USER);
    await policies().applyPolicy(keyId, 'active', NAMED);
    await policies().restorePolicy(keyId, document);

    const { Policy } = await root().send(new GetKeyPolicyCommand({ KeyId: keyId }));
    expect(Policy).toBe(document);
  });
});

describe('a policy that does not let us write', () => {
  it('counts as put back while it is there, and as not when another one is', async () => {
    const { Version, Statement } = JSON.parse(consolePolicy(USER));
    const denial = {
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:PutKeyPolicy',
      Resource: '*',
      Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/keyturn-*` } },
    };
    const document = JSON.stringify({ Version, Statement: [...Statement, denial] });
    await root().send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: document }));

    await expect(policies().restorePolicy(keyId, document)).resolves.toBeUndefined();
    await expect(policies().restorePolicy(keyId, consolePolicy(USER))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });
});

describe('the alias of a version that is given back', () => {
  const aliases = async (KeyId: string) =>
    ((await root().send(new ListAliasesCommand({ KeyId }))).Aliases ?? []).map(
      ({ AliasName }) => AliasName,
    );
  const remove = (alias: string) =>
    new KmsAliasRemover(ours('compensate-operation')).removeAlias(alias, keyId);

  it('is removed, and a second time is none', async () => {
    const alias = `alias/keyturn/local/${keyId}/v1`;
    await root().send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));
    await remove(alias);
    await remove(alias);

    expect(await aliases(keyId)).toEqual([]);
  });

  it.each([
    ['another key', false],
    ['a key that we may not even look at', true],
  ])('is left when it leads to %s', async (_what, isClosed) => {
    const other = await root().send(new CreateKeyCommand({}));
    const KeyId = other.KeyMetadata?.KeyId ?? '';
    const alias = `alias/keyturn/local/${KeyId}/v1`;
    await root().send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyId }));
    if (isClosed) {
      const { Version, Statement } = JSON.parse(consolePolicy(USER));
      const Policy = JSON.stringify({ Version, Statement: Statement.slice(1) });
      const put = { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true };
      await root().send(new PutKeyPolicyCommand(put));
    }
    await remove(alias);

    const { Aliases } = await root().send(new ListAliasesCommand({ Limit: 100 }));
    expect((Aliases ?? []).map(({ AliasName }) => AliasName)).toContain(alias);
  });
});
