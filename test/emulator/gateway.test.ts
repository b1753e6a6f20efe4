// SPDX-License-Identifier: Apache-2.0
// Behind the gateway: whom the emulator believes, and KMS authorization of the callers it is told of.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type KMSClient,
  ListKeysCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

const SECRET = 'gateway-secret';
const ACCOUNT = '000000000000';
const roleArn = `arn:aws:iam::${ACCOUNT}:role/app`;
const sessionArn = `arn:aws:sts::${ACCOUNT}:assumed-role/app/session`;

let folder: string;
let emulator: TestEmulator;
let root: KMSClient;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  writeFileSync(join(folder, 'secret'), `${SECRET}\n`);
  emulator = await startEmulator({ gatewaySecretPath: join(folder, 'secret') });
  root = emulator.kms();
});
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const allow = (Action: string | string[], Resource: string | string[] = '*', more = {}) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource, ...more }],
});
const deny = (Action: string) => ({ Statement: [{ Effect: 'Deny', Action, Resource: '*' }] });

interface Policies {
  identity?: unknown[];
  boundary?: unknown[];
  session?: unknown[];
}

function as(policies: Policies, secret = SECRET): KMSClient {
  const caller = {
    principalArn: sessionArn,
    account: ACCOUNT,
    identityPolicies: policies.identity ?? [],
    ...(policies.boundary === undefined ? {} : { boundaryPolicies: policies.boundary }),
    ...(policies.session === undefined ? {} : { sessionPolicies: policies.session }),
    isRoot: false,
  };
  const kms = emulator.kms();
  const value = Buffer.from(JSON.stringify(caller)).toString('base64url');
  kms.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> };
      request.headers['x-keyturn-gateway-secret'] = secret;
      request.headers['x-keyturn-caller'] = value;
      return next(args);
    },
    { step: 'build' },
  );
  return kms;
}

async function createKey(statements?: object[]) {
  const delegate = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  const Policy = JSON.stringify({ Statement: [delegate, ...(statements ?? [])] });
  const { KeyMetadata } = await root.send(new CreateKeyCommand({ Policy }));
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}
const encrypt = (kms: KMSClient, KeyId: string, EncryptionContext?: Record<string, string>) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext }));

describe('authentication', () => {
  it('takes a signature of the root', async () => {
    expect((await root.send(new ListKeysCommand({}))).Truncated).toBe(false);
  });

  it.each([
    [
      'an unknown key id',
      { accessKeyId: 'other', secretAccessKey: 'test' },
      'UnrecognizedClientException',
    ],
    [
      'a wrong secret',
      { accessKeyId: 'test', secretAccessKey: 'wrong' },
      'InvalidSignatureException',
    ],
  ])('refuses %s', async (_, credentials, name) => {
    const kms = emulator.kms({ credentials });

    expect((await refusal(kms.send(new ListKeysCommand({})))).name).toBe(name);
  });

  it('refuses an old signature', async () => {
    const kms = emulator.kms({ systemClockOffset: -6 * 60_000 });

    expect((await refusal(kms.send(new ListKeysCommand({})))).name).toBe(
      'InvalidSignatureException',
    );
  });

  it('refuses a body changed after signing', async () => {
    const kms = emulator.kms();
    kms.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: string }).body = '{"Limit":1}';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );

    expect((await refusal(kms.send(new ListKeysCommand({ Limit: 2 })))).name).toBe(
      'InvalidSignatureException',
    );
  });

  it.each([
    ['nothing', {}, 'MissingAuthenticationTokenException'],
    ['a broken header', { authorization: 'AWS4-HMAC-SHA256 x' }, 'IncompleteSignatureException'],
  ])('refuses %s', async (_, headers, code) => {
    const response = await fetch(emulator.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'TrentService.ListKeys',
        'content-type': 'application/x-amz-json-1.1',
        ...headers,
      },
      body: '{}',
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: code });
  });

  it("refuses the caller header without the gateway's secret", async () => {
    const error = await refusal(
      as({ identity: [allow('kms:*')] }, 'wrong').send(new ListKeysCommand({})),
    );

    expect(error.name).toBe('AccessDeniedException');
  });
});

describe('a role behind a key policy that delegates to the account', () => {
  it('may do what its identity policies allow, on the keys they name', async () => {
    const [mine, other] = [await createKey(), await createKey()];
    const app = as({ identity: [allow('kms:Encrypt', mine.arn)] });

    expect((await encrypt(app, mine.keyId)).KeyId).toBe(mine.arn);
    expect(await refusal(encrypt(app, other.keyId))).toEqual({
      name: 'AccessDeniedException',
      message:
        `User: ${sessionArn} is not authorized to perform: kms:Encrypt on resource: ${other.arn} ` +
        'because no identity-based policy allows the kms:Encrypt action',
    });
  });

  it.each([
    [
      'an identity policy',
      { identity: [allow('kms:*'), deny('kms:Encrypt')] },
      'explicit deny in an identity-based policy',
    ],
    [
      'a boundary',
      { identity: [allow('kms:*')], boundary: [deny('kms:*')] },
      'explicit deny in a permissions boundary',
    ],
    [
      'a silent boundary',
      { identity: [allow('kms:*')], boundary: [] },
      'no permissions boundary allows',
    ],
    [
      'a silent session policy',
      { identity: [allow('kms:*')], session: [allow('kms:Decrypt')] },
      'no session policy allows',
    ],
  ])('is stopped by %s', async (_, policies, why) => {
    const { keyId } = await createKey();

    expect((await refusal(encrypt(as(policies), keyId))).message).toContain(why);
  });

  it('is stopped by an explicit deny of the key policy for its role', async () => {
    const { keyId } = await createKey([
      {
        Effect: 'Deny',
        Principal: '*',
        Action: ['kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncryptTo'],
        Resource: '*',
        Condition: { ArnLike: { 'aws:PrincipalArn': roleArn } },
      },
    ]);
    const app = as({ identity: [allow('kms:*')] });

    const error = await refusal(encrypt(app, keyId));

    expect(error.message).toContain('with an explicit deny in a resource-based policy');
    await app.send(new DescribeKeyCommand({ KeyId: keyId }));
    await encrypt(root, keyId);
  });
});

describe('a role that the key policy names', () => {
  const names = (Condition?: object) => ({
    Effect: 'Allow',
    Principal: { AWS: roleArn },
    Action: 'kms:Encrypt',
    Resource: '*',
    ...(Condition === undefined ? {} : { Condition }),
  });

  it('needs no identity policy', async () => {
    const { keyId } = await createKey([names()]);

    expect((await encrypt(as({}), keyId)).KeyId).toContain(keyId);
  });

  it('is bound to the encryption context that the policy asks for', async () => {
    const { keyId } = await createKey([
      names({ StringEquals: { 'kms:EncryptionContext:tenant': 'a' } }),
    ]);

    expect((await encrypt(as({}), keyId, { tenant: 'a' })).KeyId).toContain(keyId);
    expect((await refusal(encrypt(as({}), keyId, { tenant: 'b' }))).name).toBe(
      'AccessDeniedException',
    );
    expect((await refusal(encrypt(as({}), keyId))).name).toBe('AccessDeniedException');
  });

  it('is bound to the alias that the policy asks for', async () => {
    const { keyId } = await createKey([
      names({ StringEquals: { 'kms:RequestAlias': 'alias/gate' } }),
    ]);
    await root.send(new CreateAliasCommand({ AliasName: 'alias/gate', TargetKeyId: keyId }));

    expect((await encrypt(as({}), 'alias/gate')).KeyId).toContain(keyId);
    expect((await refusal(encrypt(as({}), keyId))).name).toBe('AccessDeniedException');
  });
});

describe('operations that need more than one permission', () => {
  it('ReEncrypt needs ReEncryptFrom on the source and ReEncryptTo on the destination', async () => {
    const [from, to] = [await createKey(), await createKey()];
    const { CiphertextBlob } = await encrypt(root, from.keyId);
    const move = (...policies: unknown[]) =>
      as({ identity: policies }).send(
        new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: to.keyId }),
      );
    const [read, write] = [allow('kms:ReEncryptFrom', from.arn), allow('kms:ReEncryptTo', to.arn)];

    expect((await move(read, write)).KeyId).toBe(to.arn);
    expect((await refusal(move(read))).message).toContain('kms:ReEncryptTo');
    expect((await refusal(move(write))).message).toContain('kms:ReEncryptFrom');
  });

  it('UpdateAlias needs the alias and both keys', async () => {
    const [from, to] = [await createKey(), await createKey()];
    const AliasName = 'alias/three';
    await root.send(new CreateAliasCommand({ AliasName, TargetKeyId: from.keyId }));
    const aliasArn = from.arn.replace(/key\/.*/, AliasName);
    const update = (...resources: string[]) =>
      as({ identity: [allow('kms:UpdateAlias', resources)] }).send(
        new UpdateAliasCommand({ AliasName, TargetKeyId: to.keyId }),
      );

    for (const missing of [
      [from.arn, to.arn],
      [aliasArn, to.arn],
      [aliasArn, from.arn],
    ]) {
      expect((await refusal(update(...missing))).name).toBe('AccessDeniedException');
    }
    await update(aliasArn, from.arn, to.arn);
  });

  it('CreateKey needs Resource *, and TagResource for tags', async () => {
    const create = (policy: unknown, input = {}) =>
      as({ identity: [policy] }).send(new CreateKeyCommand(input));
    const Tags = [{ TagKey: 'a', TagValue: 'b' }];

    const onKeys = allow('kms:CreateKey', `arn:aws:kms:us-east-1:${ACCOUNT}:key/*`);
    expect((await refusal(create(onKeys))).name).toBe('AccessDeniedException');
    expect((await refusal(create(allow('kms:CreateKey'), { Tags }))).message).toContain(
      'kms:TagResource',
    );
  });

  it('PutKeyPolicy refuses a policy that would lock its author out', async () => {
    const { keyId: KeyId } = await createKey();
    const app = as({ identity: [allow('kms:PutKeyPolicy')] });
    const policyFor = (principal: string) =>
      JSON.stringify({
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: principal },
          Action: 'kms:*',
          Resource: '*',
        },
      });

    const locked = new PutKeyPolicyCommand({
      KeyId,
      Policy: policyFor(`arn:aws:iam::${ACCOUNT}:role/other`),
    });
    expect((await refusal(app.send(locked))).name).toBe('MalformedPolicyDocumentException');
    await app.send(new PutKeyPolicyCommand({ KeyId, Policy: policyFor(roleArn) }));
  });
});
