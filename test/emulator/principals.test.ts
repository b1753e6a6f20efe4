// SPDX-License-Identifier: Apache-2.0
// Standing alone: who may sign, as whom, and what principals of other accounts may do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudHSMV2Client,
  CreateClusterCommand,
  DescribeClustersCommand,
  ListTagsCommand,
} from '@aws-sdk/client-cloudhsm-v2';
import * as sdk from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { start } from '#emulator/start.ts';
import { ACCOUNT, allow, delegation, roleArn } from './callers.ts';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

const OTHER = '111122223333';
const PATHED = `arn:aws:iam::${ACCOUNT}:role/team/app`;
const everything = { Version: '2012-10-17', ...allow(['kms:*', 'cloudhsm:*']) };
const principals = [
  { accessKeyId: 'ROLE', principalArn: PATHED },
  { accessKeyId: 'USER', principalArn: `arn:aws:iam::${ACCOUNT}:user/anna` },
  {
    accessKeyId: 'OTHER',
    principalArn: `arn:aws:iam::${OTHER}:user/bob`,
    identityPolicies: [everything],
  },
  { accessKeyId: 'OTHERROOT', principalArn: `arn:aws:iam::${OTHER}:root` },
  { accessKeyId: 'OTHERIDLE', principalArn: `arn:aws:iam::${OTHER}:user/idle` },
  {
    accessKeyId: 'TEMPORARY',
    principalArn: roleArn('hsm'),
    sessionToken: 'token',
    expiresAt: '2999-01-01T00:00:00Z',
    identityPolicies: [
      allow('cloudhsm:DescribeClusters'),
      allow('cloudhsm:CreateCluster', {
        Condition: { StringEquals: { 'aws:RequestTag/team': 'blue' } },
      }),
      allow('cloudhsm:ListTags', {
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
      }),
    ],
  },
  {
    accessKeyId: 'EXPIRED',
    principalArn: roleArn('app'),
    sessionToken: 'token',
    expiresAt: '2020-01-01T00:00:00Z',
    identityPolicies: [everything],
  },
].map((principal) => ({ secretAccessKey: `secret-of-${principal.accessKeyId}`, ...principal }));

let folder: string;
let file: string;
let emulator: TestEmulator;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-test-'));
  file = join(folder, 'principals.json');
  writeFileSync(file, JSON.stringify({ principals }));
  emulator = await startEmulator({ principalsPath: file });
});
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const credentials = (accessKeyId: string, sessionToken?: string) => ({
  accessKeyId,
  secretAccessKey: `secret-of-${accessKeyId}`,
  ...(sessionToken === undefined ? {} : { sessionToken }),
});
const as = (accessKeyId: string, sessionToken?: string) =>
  emulator.kms({ credentials: credentials(accessKeyId, sessionToken) });
const hsmAs = (accessKeyId: string, sessionToken?: string) =>
  new CloudHSMV2Client({
    endpoint: emulator.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: credentials(accessKeyId, sessionToken),
  });

async function newKey(...statements: object[]) {
  const Policy = JSON.stringify({ Statement: [delegation, ...statements] });
  const { KeyMetadata } = await emulator.kms().send(new sdk.CreateKeyCommand({ Policy }));
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}
const naming = (AWS: string, Action = 'kms:*') => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action,
  Resource: '*',
});
const encrypt = (kms: sdk.KMSClient, KeyId: string) =>
  kms.send(new sdk.EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
const nameOf = async (promise: Promise<unknown>) => (await refusal(promise)).name;

describe('signatures', () => {
  const list = (kms: sdk.KMSClient) => kms.send(new sdk.ListKeysCommand({}));

  it('of the root count beside those of declared principals', async () => {
    expect((await list(emulator.kms())).Keys).toBeDefined();
  });

  it.each([
    ['an unknown access key', credentials('NOBODY'), 'UnrecognizedClientException'],
    [
      'a wrong secret',
      { ...credentials('USER'), secretAccessKey: 'x' },
      'InvalidSignatureException',
    ],
    ['no session token', credentials('TEMPORARY'), 'UnrecognizedClientException'],
    ['a wrong session token', credentials('TEMPORARY', 'x'), 'UnrecognizedClientException'],
    ['a token nobody gave', credentials('USER', 'x'), 'UnrecognizedClientException'],
    ['credentials that ended', credentials('EXPIRED', 'token'), 'ExpiredTokenException'],
  ])('with %s are refused', async (_, given, name) => {
    expect(await nameOf(list(emulator.kms({ credentials: given })))).toBe(name);
  });

  it.each([-6, 6])('of a clock that is %i minutes off are refused', async (minutes) => {
    const kms = emulator.kms({ systemClockOffset: minutes * 60_000 });

    expect(await refusal(list(kms))).toMatchObject({
      name: 'InvalidSignatureException',
      message: expect.stringMatching(minutes < 0 ? /^Signature expired: / : /not yet current/),
    });
  });

  it.each([
    ['Credential=USER/20260101/us-east-1/kms', /5 slash-delimited/],
    ['Credential=USER/20260101/us-east-1/kms/aws4_request', /requires 'SignedHeaders' parameter/],
    ['', /requires 'Credential' parameter/],
  ])('that say %j only are incomplete', async (rest, message) => {
    const parameters = rest.includes('aws4') ? rest : `${rest}, SignedHeaders=host, Signature=0`;
    const response = await fetch(emulator.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'TrentService.ListKeys',
        'content-type': 'application/x-amz-json-1.1',
        authorization: `AWS4-HMAC-SHA256 ${parameters}`,
      },
      body: '{}',
    });

    expect(await response.json()).toMatchObject({
      __type: 'IncompleteSignatureException',
      message: expect.stringMatching(message),
    });
  });

  it('in the address are none', async () => {
    const response = await fetch(`${emulator.url}/?X-Amz-Signature=00&X-Amz-Expires=900`, {
      method: 'POST',
      headers: {
        'x-amz-target': 'TrentService.ListKeys',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: '{}',
    });

    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });
});

describe('a declared role with a path', () => {
  it('is the one its whole ARN names, and no other of that name', async () => {
    const [named, pathless] = [await newKey(naming(PATHED)), await newKey(naming(roleArn('app')))];

    expect((await encrypt(as('ROLE'), named.keyId)).KeyId).toBe(named.arn);
    expect(await nameOf(encrypt(as('ROLE'), pathless.keyId))).toBe('AccessDeniedException');
  });

  it('is so in conditions too', async () => {
    const Condition = { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/team/*` } };
    const { keyId, arn } = await newKey({ ...naming('*'), Condition });

    expect((await encrypt(as('ROLE'), keyId)).KeyId).toBe(arn);
    expect(await nameOf(encrypt(as('USER'), keyId))).toBe('AccessDeniedException');
  });
});

describe('a principal of another account', () => {
  it('needs the key policy and its own account', async () => {
    const { arn } = await newKey();
    expect(await nameOf(encrypt(as('OTHER'), arn))).toBe('AccessDeniedException');

    const shared = await newKey(naming(OTHER));
    expect((await encrypt(as('OTHER'), shared.arn)).KeyId).toBe(shared.arn);
    expect((await encrypt(as('OTHERROOT'), shared.arn)).KeyId).toBe(shared.arn);
    expect((await refusal(encrypt(as('OTHERIDLE'), shared.arn))).message).toContain(
      'no identity-based policy',
    );
  });

  it('finds keys and aliases by ARN only', async () => {
    const { keyId, arn } = await newKey(naming(OTHER));
    const alias = `alias/shared-${keyId}`;
    await emulator.kms().send(new sdk.CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));

    expect((await encrypt(as('OTHER'), arn.replace(/key\/.*/, alias))).KeyId).toBe(arn);
    for (const name of [keyId, alias]) {
      expect(await refusal(encrypt(as('OTHER'), name))).toMatchObject({
        name: 'NotFoundException',
        message: expect.stringContaining(OTHER),
      });
    }
  });

  it('may describe, grant and decrypt, and nothing that KMS keeps to the own account', async () => {
    const { arn } = await newKey(naming(OTHER));
    const kms = as('OTHER');
    const { CiphertextBlob } = await encrypt(kms, arn);
    const GranteePrincipal = `arn:aws:iam::${OTHER}:user/cleo`;

    expect((await kms.send(new sdk.DecryptCommand({ CiphertextBlob }))).KeyId).toBe(arn);
    await kms.send(new sdk.DescribeKeyCommand({ KeyId: arn }));
    await kms.send(
      new sdk.CreateGrantCommand({ KeyId: arn, GranteePrincipal, Operations: ['Encrypt'] }),
    );
    const barred = [
      new sdk.DisableKeyCommand({ KeyId: arn }),
      new sdk.EnableKeyCommand({ KeyId: arn }),
      new sdk.ScheduleKeyDeletionCommand({ KeyId: arn }),
      new sdk.GetKeyPolicyCommand({ KeyId: arn }),
      new sdk.PutKeyPolicyCommand({ KeyId: arn, Policy: '{}' }),
      new sdk.EnableKeyRotationCommand({ KeyId: arn }),
      new sdk.TagResourceCommand({ KeyId: arn, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
      new sdk.UpdateKeyDescriptionCommand({ KeyId: arn, Description: '' }),
      new sdk.CreateAliasCommand({ AliasName: 'alias/mine', TargetKeyId: arn }),
    ];
    for (const command of barred) {
      expect(await nameOf(kms.send(command as sdk.DisableKeyCommand))).toBe(
        'AccessDeniedException',
      );
    }
  });

  it('has no keys, aliases or key stores of its own here', async () => {
    const kms = as('OTHER');
    await newKey();

    expect((await kms.send(new sdk.ListKeysCommand({}))).Keys).toEqual([]);
    expect((await kms.send(new sdk.ListAliasesCommand({}))).Aliases).toEqual([]);
    expect((await kms.send(new sdk.DescribeCustomKeyStoresCommand({}))).CustomKeyStores).toEqual(
      [],
    );
    expect(await nameOf(kms.send(new sdk.CreateKeyCommand({})))).toBe(
      'UnsupportedOperationException',
    );
  });
});

describe('CloudHSM', () => {
  const create = (team?: string) =>
    new CreateClusterCommand({
      HsmType: 'hsm1.medium',
      SubnetIds: ['subnet-0000000a'],
      ...(team === undefined ? {} : { TagList: [{ Key: 'team', Value: team }] }),
    });

  it('does what the identity policies of its caller allow, and no more', async () => {
    const hsm = hsmAs('TEMPORARY', 'token');

    expect((await hsm.send(new DescribeClustersCommand({}))).Clusters).toBeDefined();
    expect(await nameOf(hsm.send(create()))).toBe('CloudHsmAccessDeniedException');
    // Tagging what is made wants a right of its own.
    expect((await refusal(hsm.send(create('blue')))).message).toContain('cloudhsm:TagResource');
    expect(await nameOf(hsmAs('USER').send(new DescribeClustersCommand({})))).toBe(
      'CloudHsmAccessDeniedException',
    );
    expect(await nameOf(hsmAs('OTHER').send(new DescribeClustersCommand({})))).toBe(
      'CloudHsmAccessDeniedException',
    );
  });

  it('asks for the tags of the cluster that is named', async () => {
    const made = await Promise.all(
      ['blue', 'red'].map((team) => emulator.cloudhsm().send(create(team))),
    );
    const [blue = '', red = ''] = made.map(({ Cluster }) => Cluster?.ClusterId ?? '');
    const tags = (ResourceId: string) =>
      hsmAs('TEMPORARY', 'token').send(new ListTagsCommand({ ResourceId }));

    expect((await tags(blue)).TagList).toEqual([{ Key: 'team', Value: 'blue' }]);
    expect((await refusal(tags(red))).message).toContain(
      `arn:aws:cloudhsm:us-east-1:${ACCOUNT}:cluster/${red}`,
    );
  });
});

describe('a file of principals', () => {
  it.each([
    ['no JSON', '{', /SyntaxError/],
    ['an unknown member', '{"principals":[],"more":1}', /more/],
    [
      'a principal that is none',
      '{"principals":[{"accessKeyId":"A","secretAccessKey":"b","principalArn":"me"}]}',
      /must be the ARN/,
    ],
    [
      'a malformed policy',
      '{"principals":[{"accessKeyId":"A","secretAccessKey":"b","principalArn":"arn:aws:iam::000000000000:user/a","identityPolicies":[{}]}]}',
      /no Statement/,
    ],
  ])('with %s is refused at start', async (_, text, message) => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, text);

    await expect(start({ port: 0, principalsPath: path })).rejects.toThrow(message);
  });

  it('excludes nobody where anyone is accepted besides', async () => {
    await emulator.stop();
    emulator = await startEmulator({ principalsPath: file, acceptsAnyCaller: true });
    const { keyId } = await newKey();

    expect((await encrypt(emulator.kms({ credentials: credentials('any') }), keyId)).KeyId).toMatch(
      keyId,
    );
    expect(await nameOf(encrypt(as('USER'), keyId))).toBe('AccessDeniedException');
    const forged = { ...credentials('USER'), secretAccessKey: 'x' };
    expect(await nameOf(encrypt(emulator.kms({ credentials: forged }), keyId))).toBe(
      'InvalidSignatureException',
    );
  });
});
