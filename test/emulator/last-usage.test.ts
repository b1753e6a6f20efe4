// SPDX-License-Identifier: Apache-2.0
// Last use of keys, markers of lists, and the conditions that ask about use, principals and services.
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GetKeyLastUsageCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ReEncryptCommand,
} from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterMarker, markerOf } from '#emulator/keys/paging.ts';
import { allow, clientOf, newKey, startBehindGateway } from './callers.ts';
import { refusal, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let root: KMSClient;
beforeAll(async () => {
  emulator = await startBehindGateway();
  root = emulator.kms();
});
afterAll(() => emulator.stop());

const Plaintext = Buffer.from('x');
const encrypt = (kms: KMSClient, KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext }));
const usage = (KeyId: string) => root.send(new GetKeyLastUsageCommand({ KeyId }));

describe('the last usage of a key', () => {
  it('is empty until it is used, and then the last call that succeeded', async () => {
    const { keyId, arn } = await newKey(root);
    const before = await usage(keyId);
    expect(before).toMatchObject({ KeyId: arn, KeyLastUsage: {} });
    expect(before.TrackingStartDate).toEqual(before.KeyCreationDate);

    const { $metadata } = await encrypt(root, keyId);
    const dry = new EncryptCommand({ KeyId: keyId, Plaintext, DryRun: true });
    await refusal(root.send(dry));
    await root.send(new DescribeKeyCommand({ KeyId: keyId }));

    const { KeyLastUsage } = await usage(keyId);
    expect(KeyLastUsage).toMatchObject({ Operation: 'Encrypt', KmsRequestId: $metadata.requestId });
    expect(Math.abs((KeyLastUsage?.Timestamp?.getTime() ?? 0) - Date.now())).toBeLessThan(5000);
  });

  it.each([
    ['1', false],
    ['0', true],
  ])('may be a condition of DisableKey: %s days: %s', async (days, allowed) => {
    const { keyId } = await newKey(root);
    const Condition = {
      NumericGreaterThanEquals: { 'kms:TrailingDaysWithoutKeyUsage': days },
    };
    const admin = clientOf(emulator, 'admin', {
      identityPolicies: [allow('kms:DisableKey', { Condition })],
    });

    const call = admin.send(new DisableKeyCommand({ KeyId: keyId }));

    if (allowed) await call;
    else expect((await refusal(call)).name).toBe('AccessDeniedException');
  });
});

describe('markers', () => {
  it('that were tampered with are refused', async () => {
    const { keyId } = await newKey(root);
    for (const name of ['a', 'b', 'c']) {
      const AliasName = `alias/marker-${name}`;
      await root.send(new CreateAliasCommand({ AliasName, TargetKeyId: keyId }));
    }
    const page = await root.send(new ListAliasesCommand({ KeyId: keyId, Limit: 2 }));
    const Marker = page.NextMarker;
    const rest = await root.send(new ListAliasesCommand({ KeyId: keyId, Marker }));
    expect(rest.Aliases?.map(({ AliasName }) => AliasName)).toEqual(['alias/marker-c']);

    for (const wrong of [`${Marker}A`, 'x', Buffer.from('alias/a').toString('base64url')]) {
      const aliases = await refusal(root.send(new ListAliasesCommand({ Marker: wrong })));
      const keys = await refusal(root.send(new ListKeysCommand({ Marker: wrong })));
      expect([aliases.name, keys.name]).toEqual(Array(2).fill('InvalidMarkerException'));
    }
  });

  it('name where a page ended, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (name) => {
        expect(afterMarker(markerOf(name))).toBe(name);
      }),
    );
  });
});

describe('conditions', () => {
  it('ask about tags of the principal', async () => {
    const { keyId } = await newKey(root);
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'blue' } };
    const as = (principalTags: Record<string, string>) =>
      clientOf(emulator, 'app', {
        identityPolicies: [allow('kms:Encrypt', { Condition })],
        principalTags,
      });

    await encrypt(as({ team: 'blue' }), keyId);

    expect((await refusal(encrypt(as({ team: 'red' }), keyId))).name).toBe('AccessDeniedException');
    expect((await refusal(encrypt(as({}), keyId))).name).toBe('AccessDeniedException');
  });

  it('ask about the service that calls', async () => {
    const Condition = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } };
    const { keyId } = await newKey(root);
    const identityPolicies = [allow('kms:Encrypt', { Condition })];
    const viaService = 's3.us-east-1.amazonaws.com';

    await encrypt(clientOf(emulator, 'app', { identityPolicies, viaService }), keyId);

    const direct = await refusal(encrypt(clientOf(emulator, 'app', { identityPolicies }), keyId));
    expect(direct.name).toBe('AccessDeniedException');
  });

  it('ask whether re-encryption stays on one key', async () => {
    const [one, other] = [await newKey(root), await newKey(root)];
    const { CiphertextBlob } = await encrypt(root, one.keyId);
    const Condition = { Bool: { 'kms:ReEncryptOnSameKey': 'true' } };
    const app = clientOf(emulator, 'app', {
      identityPolicies: [allow('kms:ReEncrypt*', { Condition })],
    });
    const move = (DestinationKeyId: string) =>
      app.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId }));

    await move(one.keyId);

    expect((await refusal(move(other.keyId))).name).toBe('AccessDeniedException');
  });
});

describe('a principal of another account', () => {
  const account = '999999999999';
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:Encrypt',
    Resource: '*',
  };
  const identityPolicies = [allow('kms:*')];

  it('needs the key policy and its own account’s policies', async () => {
    const { arn } = await newKey(root, [statement]);
    const closed = await newKey(root);

    await encrypt(clientOf(emulator, 'app', { account, identityPolicies }), arn);

    const refused = [
      encrypt(clientOf(emulator, 'app', { account }), arn),
      encrypt(clientOf(emulator, 'app', { account, identityPolicies }), closed.arn),
      clientOf(emulator, 'app', { account, identityPolicies }).send(
        new DisableKeyCommand({ KeyId: arn }),
      ),
    ];
    for (const call of refused) expect((await refusal(call)).name).toBe('AccessDeniedException');
  });
});

describe('names of keys', () => {
  it('of another region or account are not found', async () => {
    const { KeyMetadata } = await root.send(new CreateKeyCommand({}));
    const arn = KeyMetadata?.Arn ?? '';
    const find = (KeyId: string) => refusal(root.send(new DescribeKeyCommand({ KeyId })));

    expect(await find(arn.replace('us-east-1', 'eu-west-1'))).toEqual({
      name: 'NotFoundException',
      message: 'Invalid arn eu-west-1',
    });
    expect((await find(arn.replace('000000000000', '999999999999'))).name).toBe(
      'NotFoundException',
    );
    expect((await find('nonsense')).message).toBe("Invalid keyId 'nonsense'");
  });
});
