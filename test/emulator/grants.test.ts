// SPDX-License-Identifier: Apache-2.0
// Grants: making, listing, using, retiring and revoking them, and their place in authorization.
import {
  CreateGrantCommand,
  type CreateGrantCommandInput,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  type GrantConstraints,
  type GrantOperation,
  type KMSClient,
  ListGrantsCommand,
  ListRetirableGrantsCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  SignCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allow, clientOf, deny, newKey, roleArn, startBehindGateway } from './callers.ts';
import { refusal, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let root: KMSClient;
let app: KMSClient;
beforeAll(async () => {
  emulator = await startBehindGateway();
  root = emulator.kms();
  app = clientOf(emulator, 'app');
});
afterAll(() => emulator.stop());

const Plaintext = Buffer.from('x');
const grant = (KeyId: string, Operations: GrantOperation[], more = {}) =>
  root.send(
    new CreateGrantCommand({ KeyId, GranteePrincipal: roleArn('app'), Operations, ...more }),
  );
const encrypt = (kms: KMSClient, KeyId: string, EncryptionContext?: Record<string, string>) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
const listed = async (KeyId: string, more = {}) =>
  (await root.send(new ListGrantsCommand({ KeyId, ...more }))).Grants ?? [];

async function setFault(rule: object | undefined): Promise<void> {
  await fetch(`${emulator.url}/_admin/faults`, {
    method: rule === undefined ? 'DELETE' : 'POST',
    headers: { 'x-admin-token': emulator.adminToken },
    ...(rule === undefined ? {} : { body: JSON.stringify(rule) }),
  });
}

describe('a grant', () => {
  it('suffices without any policy, for its operations and its grantee only', async () => {
    const { keyId } = await newKey(root);
    await grant(keyId, ['Encrypt', 'DescribeKey']);

    const { CiphertextBlob } = await encrypt(app, keyId);
    const described = await app.send(new DescribeKeyCommand({ KeyId: keyId }));

    expect(described.KeyMetadata?.KeyId).toBe(keyId);
    const refused = [
      app.send(new DecryptCommand({ CiphertextBlob })),
      app.send(new DisableKeyCommand({ KeyId: keyId })),
      encrypt(clientOf(emulator, 'other'), keyId),
    ];
    for (const call of refused) expect((await refusal(call)).name).toBe('AccessDeniedException');
  });

  it.each([
    [
      'the key policy',
      [{ Effect: 'Deny', Principal: '*', Action: 'kms:Encrypt', Resource: '*' }],
      {},
    ],
    ['an identity policy', [], { identityPolicies: [deny('kms:Encrypt')] }],
    ['a permissions boundary that is silent', [], { boundaryPolicies: [allow('s3:*')] }],
  ])('gives way to %s', async (_, statements, policies) => {
    const { keyId } = await newKey(root, statements);
    await grant(keyId, ['Encrypt']);

    const refused = await refusal(encrypt(clientOf(emulator, 'app', policies), keyId));

    expect(refused.name).toBe('AccessDeniedException');
  });

  it.each<[string, GrantConstraints, Record<string, string> | undefined, boolean]>([
    ['exactly the pairs', { EncryptionContextEquals: { a: '1' } }, { a: '1' }, true],
    [
      'more than the exact pairs',
      { EncryptionContextEquals: { a: '1' } },
      { a: '1', b: '2' },
      false,
    ],
    ['pairs of another case', { EncryptionContextEquals: { A: '1' } }, { a: '1' }, false],
    ['no context', { EncryptionContextSubset: { a: '1' } }, undefined, false],
    ['more than the subset', { EncryptionContextSubset: { a: '1' } }, { a: '1', b: '2' }, true],
    ['another value', { EncryptionContextSubset: { a: '1' } }, { a: '2' }, false],
  ])('with a constraint meets %s', async (_, Constraints, context, allowed) => {
    const { keyId } = await newKey(root);
    await grant(keyId, ['Encrypt', 'DescribeKey'], { Constraints });

    await app.send(new DescribeKeyCommand({ KeyId: keyId }));
    const call = encrypt(app, keyId, context);

    if (allowed) await call;
    else expect((await refusal(call)).name).toBe('AccessDeniedException');
  });

  it('of the same name and parameters is the same, each time with a new token', async () => {
    const { keyId } = await newKey(root);
    const first = await grant(keyId, ['Encrypt'], { Name: 'n' });
    const second = await grant(keyId, ['Encrypt'], { Name: 'n' });
    const wider = await grant(keyId, ['Encrypt', 'Decrypt'], { Name: 'n' });
    const unnamed = await grant(keyId, ['Encrypt']);

    expect(second.GrantId).toBe(first.GrantId);
    expect(second.GrantToken).not.toBe(first.GrantToken);
    expect(new Set([first.GrantId, wider.GrantId, unnamed.GrantId]).size).toBe(3);
  });

  it('may be tried dry', async () => {
    const { keyId } = await newKey(root);

    const tried = await refusal(grant(keyId, ['Encrypt'], { DryRun: true }));

    expect(tried.name).toBe('DryRunOperationException');
    expect(await listed(keyId)).toEqual([]);
  });

  it.each<[string, Partial<CreateGrantCommandInput>, string]>([
    ['a principal that is no ARN', { GranteePrincipal: 'app' }, 'InvalidArnException'],
    ['an ARN of something else', { GranteePrincipal: 'arn:aws:s3:::b' }, 'InvalidArnException'],
    ['a bad retiring principal', { RetiringPrincipal: 'x' }, 'InvalidArnException'],
    ['no grantee', { GranteePrincipal: undefined }, 'ValidationException'],
    ['no operations', { Operations: [] }, 'ValidationException'],
    ['operations of other key types', { Operations: ['Sign'] }, 'ValidationException'],
    ['unknown operations', { Operations: ['Nope' as 'Sign'] }, 'ValidationException'],
    [
      'too many constraint pairs',
      {
        Constraints: {
          EncryptionContextSubset: Object.fromEntries([...'abcdefghi'].map((name) => [name, '1'])),
        },
      },
      'ValidationException',
    ],
    [
      'a service and no resource',
      { GranteeServicePrincipal: 's.amazonaws.com' },
      'ValidationException',
    ],
    ['an unknown token', { GrantTokens: ['nonsense'] }, 'InvalidGrantTokenException'],
  ])('is refused for %s', async (_, more, name) => {
    const { keyId } = await newKey(root);

    expect((await refusal(grant(keyId, ['Encrypt'], more))).name).toBe(name);
  });

  it('of a signing key allows signing', async () => {
    const { keyId } = await newKey(root, [], { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    await grant(keyId, ['Sign', 'Verify', 'GetPublicKey']);

    const { Signature } = await app.send(
      new SignCommand({ KeyId: keyId, Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' }),
    );

    expect(Signature?.length).toBeGreaterThan(60);
    expect((await refusal(grant(keyId, ['Encrypt']))).name).toBe('ValidationException');
  });

  it('is not made on a disabled key', async () => {
    const { keyId } = await newKey(root);
    await root.send(new DisableKeyCommand({ KeyId: keyId }));

    expect((await refusal(grant(keyId, ['Encrypt']))).name).toBe('DisabledException');
  });

  it('that lets its grantee grant lets no wider grant be made', async () => {
    const { keyId } = await newKey(root);
    await grant(keyId, ['CreateGrant', 'Encrypt', 'Decrypt'], {
      Constraints: { EncryptionContextSubset: { a: '1' } },
    });
    const regrant = (Operations: GrantOperation[], Constraints?: GrantConstraints) =>
      app.send(
        new CreateGrantCommand({
          KeyId: keyId,
          GranteePrincipal: roleArn('third'),
          Operations,
          Constraints,
        }),
      );

    await regrant(['Encrypt'], { EncryptionContextSubset: { a: '1', b: '2' } });
    await regrant(['Encrypt'], { EncryptionContextEquals: { a: '1' } });
    const refused = [
      regrant(['Encrypt']),
      regrant(['Encrypt'], { EncryptionContextSubset: { b: '2' } }),
      regrant(['Encrypt', 'DescribeKey'], { EncryptionContextSubset: { a: '1' } }),
    ];

    for (const call of refused) expect((await refusal(call)).name).toBe('AccessDeniedException');
    await encrypt(clientOf(emulator, 'third'), keyId, { a: '1' });
  });

  it('to another account needs that account’s permission too', async () => {
    const account = '999999999999';
    const { arn } = await newKey(root);
    await grant(arn, ['Encrypt'], { GranteePrincipal: roleArn('app', account) });

    await encrypt(
      clientOf(emulator, 'app', { account, identityPolicies: [allow('kms:Encrypt')] }),
      arn,
    );

    const without = await refusal(encrypt(clientOf(emulator, 'app', { account }), arn));
    expect(without.name).toBe('AccessDeniedException');
  });
});

describe('conditions on grants', () => {
  it.each<[string, object, boolean]>([
    ['operations', { 'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Encrypt'] } }, true],
    [
      'other operations',
      { 'ForAllValues:StringEquals': { 'kms:GrantOperations': ['Sign'] } },
      false,
    ],
    ['grantee', { StringEquals: { 'kms:GranteePrincipal': roleArn('third') } }, true],
    ['retiring', { StringEquals: { 'kms:RetiringPrincipal': roleArn('third') } }, false],
    ['type', { StringEquals: { 'kms:GrantConstraintType': 'EncryptionContextSubset' } }, true],
    ['service', { Bool: { 'kms:GrantIsForAWSResource': 'true' } }, false],
    ['no service', { Bool: { 'kms:GrantIsForAWSResource': 'false' } }, true],
  ])('ask about the %s', async (_, Condition, allowed) => {
    const { keyId } = await newKey(root);
    const admin = clientOf(emulator, 'admin', {
      identityPolicies: [allow('kms:CreateGrant', { Condition })],
    });
    const call = admin.send(
      new CreateGrantCommand({
        KeyId: keyId,
        GranteePrincipal: roleArn('third'),
        Operations: ['Encrypt'],
        Constraints: { EncryptionContextSubset: { a: '1' } },
      }),
    );

    if (allowed) expect((await call).GrantId).toMatch(/^[0-9a-f]{64}$/);
    else expect((await refusal(call)).name).toBe('AccessDeniedException');
  });
});

describe('lists of grants', () => {
  it('show what was granted, by page, by grantee and by id', async () => {
    const { keyId, arn } = await newKey(root);
    const Constraints = { EncryptionContextEquals: { a: '1' } };
    const { GrantId } = await grant(keyId, ['Encrypt'], { Name: 'first', Constraints });
    for (const role of ['b', 'c', 'd']) {
      await grant(keyId, ['Decrypt'], { GranteePrincipal: roleArn(role) });
    }

    const [one] = await listed(keyId, { GrantId });
    expect(one).toMatchObject({
      KeyId: arn,
      GrantId,
      Name: 'first',
      GranteePrincipal: roleArn('app'),
      IssuingAccount: 'arn:aws:iam::000000000000:root',
      Operations: ['Encrypt'],
      Constraints,
    });
    expect(await listed(keyId, { GranteePrincipal: roleArn('c') })).toHaveLength(1);
    expect((await refusal(listed(keyId, { GrantId: 'none' }))).name).toBe(
      'InvalidGrantIdException',
    );

    const seen: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await root.send(new ListGrantsCommand({ KeyId: keyId, Limit: 3, Marker }));
      seen.push(...(page.Grants ?? []).map((entry) => entry.GrantId));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    expect(new Set(seen).size).toBe(4);
  });

  it('show who may retire what', async () => {
    const { keyId } = await newKey(root);
    const RetiringPrincipal = roleArn('retirer');
    const { GrantId } = await grant(keyId, ['Encrypt'], { RetiringPrincipal });
    await grant(keyId, ['Decrypt']);

    const { Grants } = await root.send(new ListRetirableGrantsCommand({ RetiringPrincipal }));

    expect(Grants?.map((entry) => entry.GrantId)).toEqual([GrantId]);
    expect(
      (await refusal(app.send(new ListRetirableGrantsCommand({ RetiringPrincipal })))).name,
    ).toBe('AccessDeniedException');
  });
});

describe('the end of a grant', () => {
  it('comes by revocation', async () => {
    const { keyId } = await newKey(root);
    const { GrantId, GrantToken = '' } = await grant(keyId, ['Encrypt']);
    const dry = new RevokeGrantCommand({ KeyId: keyId, GrantId, DryRun: true });
    expect((await refusal(root.send(dry))).name).toBe('DryRunOperationException');
    await encrypt(app, keyId);

    await root.send(new RevokeGrantCommand({ KeyId: keyId, GrantId }));

    expect((await refusal(encrypt(app, keyId))).name).toBe('AccessDeniedException');
    const again = root.send(new RevokeGrantCommand({ KeyId: keyId, GrantId }));
    expect((await refusal(again)).name).toBe('NotFoundException');
    const late = root.send(
      new EncryptCommand({ KeyId: keyId, Plaintext, GrantTokens: [GrantToken] }),
    );
    expect((await refusal(late)).name).toBe('InvalidGrantTokenException');
  });

  it.each<[string, GrantOperation[], object, string, boolean]>([
    [
      'its retiring principal',
      ['Encrypt'],
      { RetiringPrincipal: roleArn('retirer') },
      'retirer',
      true,
    ],
    ['a grantee that may', ['Encrypt', 'RetireGrant'], {}, 'app', true],
    ['a grantee that may not', ['Encrypt'], {}, 'app', false],
    ['a stranger', ['Encrypt', 'RetireGrant'], {}, 'stranger', false],
  ])('by retirement of %s', async (_, operations, more, role, allowed) => {
    const { keyId } = await newKey(root);
    const { GrantId, GrantToken } = await grant(keyId, operations, more);

    const call = clientOf(emulator, role).send(new RetireGrantCommand({ GrantToken }));

    if (allowed) await call;
    else expect((await refusal(call)).name).toBe('AccessDeniedException');
    expect(await listed(keyId)).toHaveLength(allowed ? 0 : 1);
    if (!allowed) await root.send(new RetireGrantCommand({ KeyId: keyId, GrantId }));
    expect(await listed(keyId)).toEqual([]);
  });

  it('by retirement is named by a token or by key and id', async () => {
    const { keyId } = await newKey(root);
    const { GrantId, GrantToken } = await grant(keyId, ['Encrypt']);
    const tampered = `${GrantToken?.slice(0, -4)}AAAA`;

    const retire = (input: object) => refusal(root.send(new RetireGrantCommand(input)));

    expect((await retire({})).name).toBe('ValidationException');
    expect((await retire({ KeyId: keyId })).name).toBe('ValidationException');
    expect((await retire({ KeyId: keyId, GrantId, GrantToken })).name).toBe('ValidationException');
    expect((await retire({ GrantToken: tampered })).name).toBe('InvalidGrantTokenException');
    expect((await retire({ GrantToken, DryRun: true })).name).toBe('DryRunOperationException');
  });
});

describe('a grant that is not visible yet', () => {
  it('works with its token only', async () => {
    const { keyId } = await newKey(root);
    await setFault({ operation: 'CreateGrant', delaySeconds: [60, 60] });
    const { GrantToken = '' } = await grant(keyId, ['Encrypt']);
    await setFault(undefined);

    const without = await refusal(encrypt(app, keyId));
    await app.send(new EncryptCommand({ KeyId: keyId, Plaintext, GrantTokens: [GrantToken] }));

    expect(without.name).toBe('AccessDeniedException');
    expect(await listed(keyId)).toEqual([]);
  });

  it('goes on working after a revocation that is not visible yet', async () => {
    const { keyId } = await newKey(root);
    const { GrantId } = await grant(keyId, ['Encrypt']);
    await setFault({ operation: 'RevokeGrant', delaySeconds: [60, 60] });
    await root.send(new RevokeGrantCommand({ KeyId: keyId, GrantId }));
    await setFault(undefined);

    await encrypt(app, keyId);

    expect(await listed(keyId)).toHaveLength(1);
  });
});
