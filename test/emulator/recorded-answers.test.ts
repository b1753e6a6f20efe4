// SPDX-License-Identifier: Apache-2.0
// Answers of which a recording of AWS itself is public (LocalStack's validated snapshots): status, code, words and
// members, on the wire. `npm run conformance -- --suite-dir` compares all of them.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.stop());

/** Any member of an answer may be asked for. */
interface Body {
  readonly [member: string]: unknown;
  readonly KeyId?: string;
  readonly message?: string;
  readonly CiphertextBlob?: string;
  readonly KeyMetadata?: { readonly KeyId?: string; readonly Arn?: string };
}

async function call(operation: string, request: Body): Promise<{ status: number; body: Body }> {
  const response = await fetch(emulator.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${operation}`,
    },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  // DisableKey and its like answer with nothing.
  const body: Body = text === '' ? {} : JSON.parse(text);
  return { status: response.status, body };
}

async function refused(operation: string, request: Body): Promise<Body> {
  const { status, body } = await call(operation, request);
  expect(status).toBe(400);
  return body;
}

async function keyOf(request: Body = {}): Promise<{ id: string; arn: string }> {
  const { body } = await call('CreateKey', request);
  const { KeyId: id = '', Arn: arn = '' } = body.KeyMetadata ?? {};
  return { id, arn };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const HMAC = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' };

async function ciphertextOf(KeyId: string): Promise<string> {
  const { body } = await call('Encrypt', { KeyId, Plaintext: base64('secret') });
  return String(body.CiphertextBlob);
}

it('has no message in an error that AWS says no more about', async () => {
  const { id } = await keyOf();
  const CiphertextBlob = await ciphertextOf(id);
  const mac = await keyOf(HMAC);
  const MacAlgorithm = 'HMAC_SHA_256';

  const context = { CiphertextBlob, EncryptionContext: { not: 'given' } };
  const other = { KeyId: mac.id, Message: base64('m'), MacAlgorithm, Mac: base64('no mac') };

  expect(await refused('Decrypt', context)).toEqual({ __type: 'InvalidCiphertextException' });
  expect(await refused('VerifyMac', other)).toEqual({ __type: 'KMSInvalidMacException' });
});

it('says IncorrectKeyException when the key named is of another kind than the ciphertext', async () => {
  const { id } = await keyOf();
  const CiphertextBlob = await ciphertextOf(id);
  const mac = await keyOf(HMAC);
  const expected = {
    __type: 'IncorrectKeyException',
    message: 'The key ID in the request does not identify a CMK that can perform this operation.',
  };

  expect(await refused('Decrypt', { CiphertextBlob, KeyId: mac.id })).toEqual(expected);
  expect(
    await refused('ReEncrypt', { CiphertextBlob, SourceKeyId: mac.id, DestinationKeyId: mac.id }),
  ).toEqual(expected);
});

it('wants the prefix of an alias, and its characters, in AWS’s words', async () => {
  const { id: TargetKeyId } = await keyOf();
  const create = (AliasName: string) => refused('CreateAlias', { AliasName, TargetKeyId });

  expect(await create('orders')).toEqual({
    __type: 'ValidationException',
    message:
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
  });
  expect((await create('alias/a b')).message).toBe(
    "1 validation error detected: Value 'alias/a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
  );
  expect((await create('alias/a:b')).message).toBe(
    'alias/a:b contains invalid characters for an alias',
  );
});

it('looks at the state before the kind of a key that is to rotate, and answers with the ARN', async () => {
  const pair = await keyOf({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const symmetric = await keyOf();

  expect(await refused('RotateKeyOnDemand', { KeyId: pair.id })).toEqual({
    __type: 'UnsupportedOperationException',
  });
  await call('DisableKey', { KeyId: pair.id });
  expect(await refused('RotateKeyOnDemand', { KeyId: pair.id })).toEqual({
    __type: 'DisabledException',
    message: `${pair.arn} is disabled.`,
  });
  const rotated = await call('RotateKeyOnDemand', { KeyId: symmetric.id });
  expect(rotated.body).toEqual({ KeyId: symmetric.arn });
  const status = await call('GetKeyRotationStatus', { KeyId: symmetric.id });
  expect(status.body.KeyId).toBe(symmetric.arn);
});

it('names the MAC algorithms in AWS’s order', async () => {
  const { id: KeyId } = await keyOf(HMAC);
  const { message } = await refused('GenerateMac', {
    KeyId,
    Message: base64('m'),
    MacAlgorithm: 'X',
  });

  expect(message).toBe(
    "1 validation error detected: Value 'X' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]",
  );
});
