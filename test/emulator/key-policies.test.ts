// SPDX-License-Identifier: Apache-2.0
// Key policies: the default one, replaced ones, and those that AWS refuses.
import {
  CreateKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;

beforeAll(async () => {
  emulator = await startEmulator();
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

async function createKey(input: ConstructorParameters<typeof CreateKeyCommand>[0] = {}) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

const encrypt = (KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));

describe('key policies', () => {
  it('are the default one unless given, and can be replaced', async () => {
    const { keyId } = await createKey();
    const policyOf = async () =>
      JSON.parse((await kms.send(new GetKeyPolicyCommand({ KeyId: keyId }))).Policy ?? '');
    const policy = await policyOf();
    policy.Statement[0].Sid = 'changed';

    expect(policy.Statement[0].Action).toBe('kms:*');
    await kms.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy: JSON.stringify(policy) }));
    expect(await policyOf()).toEqual(policy);
  });

  const statement = {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::000000000000:root' },
    Action: 'kms:*',
    Resource: '*',
  };
  it.each([
    ['not JSON', '{'],
    ['no statement', JSON.stringify({ Version: '2012-10-17' })],
    ['no principal', JSON.stringify({ Statement: { ...statement, Principal: undefined } })],
    ['an unknown field', JSON.stringify({ Statement: { ...statement, Extra: 1 } })],
    ['an unknown operator', JSON.stringify({ Statement: { ...statement, Condition: { X: {} } } })],
    [
      'a lockout',
      JSON.stringify({
        Statement: { ...statement, Principal: { AWS: 'arn:aws:iam::000000000000:role/other' } },
      }),
    ],
  ])('are refused with %s', async (_, Policy) => {
    const { keyId } = await createKey();

    const put = await refusal(kms.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy })));
    const created = await refusal(kms.send(new CreateKeyCommand({ Policy })));

    expect(put.name).toBe('MalformedPolicyDocumentException');
    expect(created.name).toBe('MalformedPolicyDocumentException');
  });

  const valid = (AWS: string) => [
    statement,
    { ...statement, Action: 'kms:Encrypt', Principal: { AWS } },
  ];
  it.each([
    'arn:aws:iam::000000000000:role/*',
    'arn:aws:iam::000000000000:group/ops',
    'arn:aws:iam::0000:root',
    'arn:aws:iam::000000000000:role/',
    'arn:aws:sts::000000000000:assumed-role/app',
    'AIDACKCEVSQ6C2EXAMPLE',
    'somebody',
  ])('are refused with the principal %s', async (principal) => {
    const { keyId } = await createKey();
    const Policy = JSON.stringify({ Statement: valid(principal) });

    const put = await refusal(kms.send(new PutKeyPolicyCommand({ KeyId: keyId, Policy })));

    expect(put).toEqual({
      name: 'MalformedPolicyDocumentException',
      message: 'Policy contains a statement with one or more invalid principals.',
    });
  });

  it.each([
    '*',
    '111122223333',
    'arn:aws:iam::111122223333:root',
    'arn:aws:iam::000000000000:user/division/ops/ann@example.com',
    'arn:aws:iam::000000000000:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX',
    'arn:aws:sts::000000000000:assumed-role/app/i-0123',
    'arn:aws:sts::000000000000:federated-user/ann',
  ])('are taken with the principal %s', async (principal) => {
    const Policy = JSON.stringify({ Statement: valid(principal) });

    await expect(createKey({ Policy })).resolves.toMatchObject({ keyId: expect.any(String) });
  });

  it('are refused with a service that is none, and taken with one', async () => {
    const policy = (Service: string) =>
      JSON.stringify({ Statement: [statement, { ...statement, Principal: { Service } }] });
    const refused = kms.send(new CreateKeyCommand({ Policy: policy('logs') }));

    expect((await refusal(refused)).name).toBe('MalformedPolicyDocumentException');
    await createKey({ Policy: policy('logs.us-east-1.amazonaws.com') });
  });

  it('may lock everyone out when the check is bypassed, and then refuse the root', async () => {
    const Policy = JSON.stringify({
      Statement: { ...statement, Principal: { AWS: 'arn:aws:iam::000000000000:role/other' } },
    });

    const { keyId, arn } = await createKey({ Policy, BypassPolicyLockoutSafetyCheck: true });

    expect(await refusal(encrypt(keyId))).toEqual({
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:iam::000000000000:root is not authorized to perform: kms:Encrypt ' +
        `on resource: ${arn} because no resource-based policy allows the kms:Encrypt action`,
    });
  });

  it('are refused beyond 32,768 bytes', async () => {
    const Policy = JSON.stringify({ Statement: { ...statement, Sid: 'x'.repeat(33_000) } });

    const error = await refusal(kms.send(new CreateKeyCommand({ Policy })));

    expect(error.name).toBe('LimitExceededException');
  });
});
