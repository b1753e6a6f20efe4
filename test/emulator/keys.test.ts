// SPDX-License-Identifier: Apache-2.0
// Keys and aliases: names, states, deletion, tags, and AWS's refusals about them.
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator } from './support.ts';

let emulator: TestEmulator;
let kms: KMSClient;
let time = Date.now();

beforeAll(async () => {
  emulator = await startEmulator({ clock: () => time });
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

async function createKey(input: ConstructorParameters<typeof CreateKeyCommand>[0] = {}) {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
  return { keyId: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' };
}

const describeState = async (keyId: string) =>
  (await kms.send(new DescribeKeyCommand({ KeyId: keyId }))).KeyMetadata?.KeyState;
const encrypt = (KeyId: string) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));

describe('names of a key', () => {
  it('are its id, its ARN, its alias and the ARN of its alias', async () => {
    const { keyId, arn } = await createKey();
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/named', TargetKeyId: arn }));
    const aliasArn = arn.replace(`key/${keyId}`, 'alias/named');

    for (const name of [keyId, arn, 'alias/named', aliasArn]) {
      expect((await encrypt(name)).KeyId).toBe(arn);
    }
  });

  it.each([
    ['no-such-form', "Invalid keyId 'no-such-form'"],
    [
      '11111111-2222-3333-4444-555555555555',
      "Key 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555' does not exist",
    ],
    ['alias/none', 'Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found.'],
    [
      'arn:aws:kms:eu-west-1:000000000000:key/11111111-2222-3333-4444-555555555555',
      'Invalid arn eu-west-1',
    ],
  ])('%s is not found', async (name, message) => {
    expect(await refusal(encrypt(name))).toEqual({ name: 'NotFoundException', message });
  });

  it('must be given', async () => {
    expect(await refusal(kms.send(new DescribeKeyCommand({ KeyId: undefined })))).toEqual({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
    });
  });
});

describe('states of a key', () => {
  it('Disabled stops encryption, decryption and re-encryption until it is enabled', async () => {
    const { keyId, arn } = await createKey();
    const { CiphertextBlob } = await encrypt(keyId);
    await kms.send(new DisableKeyCommand({ KeyId: keyId }));

    const disabled = { name: 'DisabledException', message: `${arn} is disabled.` };
    const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob }));
    const move = new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: keyId });
    expect(await refusal(encrypt(keyId))).toEqual(disabled);
    expect(await refusal(decrypt())).toEqual(disabled);
    expect(await refusal(kms.send(move))).toEqual(disabled);

    await kms.send(new EnableKeyCommand({ KeyId: keyId }));
    expect(Buffer.from((await decrypt()).Plaintext ?? []).toString()).toBe('x');
  });

  it('PendingDeletion stops use and change; cancelling brings it back Disabled', async () => {
    const { keyId, arn } = await createKey();
    const answer = await kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyId }));

    expect(answer).toMatchObject({ KeyId: arn, PendingWindowInDays: 30 });
    expect(answer.DeletionDate?.getTime()).toBe(time + 30 * 86_400_000);
    const pending = { name: 'KMSInvalidStateException', message: `${arn} is pending deletion.` };
    expect(await refusal(encrypt(keyId))).toEqual(pending);
    expect(await refusal(kms.send(new EnableKeyCommand({ KeyId: keyId })))).toEqual(pending);
    expect(await refusal(kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyId })))).toEqual(
      pending,
    );

    await kms.send(new CancelKeyDeletionCommand({ KeyId: keyId }));
    expect(await describeState(keyId)).toBe('Disabled');
    const again = await refusal(kms.send(new CancelKeyDeletionCommand({ KeyId: keyId })));
    expect(again.name).toBe('KMSInvalidStateException');
  });

  it.each([6, 31])('a deletion window of %i days is refused', async (PendingWindowInDays) => {
    const { keyId } = await createKey();

    const error = await refusal(
      kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays })),
    );

    expect(error.name).toBe('ValidationException');
    expect(error.message).toBe('PendingWindowInDays must be between 7 and 30');
  });

  it('ends in nothing when the deletion date has come', async () => {
    const { keyId } = await createKey();
    const { CiphertextBlob } = await encrypt(keyId);
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: 7 }));

    time += 7 * 86_400_000;

    expect((await refusal(encrypt(keyId))).name).toBe('NotFoundException');
    const decrypt = await refusal(kms.send(new DecryptCommand({ CiphertextBlob })));
    expect(decrypt.name).toBe('AccessDeniedException');
  });
});

describe('aliases', () => {
  it('move between keys of the same kind, and what they named before still decrypts', async () => {
    const [before, after] = [await createKey(), await createKey()];
    const AliasName = 'alias/moving';
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: before.keyId }));
    const { CiphertextBlob } = await encrypt(AliasName);

    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: after.keyId }));

    expect((await encrypt(AliasName)).KeyId).toBe(after.arn);
    expect((await kms.send(new DecryptCommand({ CiphertextBlob }))).KeyId).toBe(before.arn);
    const byAlias = await refusal(
      kms.send(new DecryptCommand({ CiphertextBlob, KeyId: AliasName })),
    );
    expect(byAlias.name).toBe('IncorrectKeyException');
  });

  it('are refused onto a key that is pending deletion', async () => {
    const [live, dying] = [await createKey(), await createKey()];
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/alive', TargetKeyId: live.keyId }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: dying.keyId }));
    const TargetKeyId = dying.keyId;

    const created = await refusal(
      kms.send(new CreateAliasCommand({ AliasName: 'alias/dying', TargetKeyId })),
    );
    const moved = await refusal(
      kms.send(new UpdateAliasCommand({ AliasName: 'alias/alive', TargetKeyId })),
    );

    expect(created.name).toBe('KMSInvalidStateException');
    expect(moved.name).toBe('KMSInvalidStateException');
  });

  it('are refused with the names AWS keeps, bad characters, no prefix, and twice', async () => {
    const { keyId: TargetKeyId } = await createKey();
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/once', TargetKeyId }));
    const create = (AliasName: string) =>
      refusal(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId })));

    expect((await create('alias/aws/mine')).name).toBe('NotAuthorizedException');
    expect((await create('alias/')).name).toBe('InvalidAliasNameException');
    expect((await create('once')).name).toBe('ValidationException');
    expect((await create('alias/once')).name).toBe('AlreadyExistsException');
  });

  it('name keys, and no aliases', async () => {
    const { keyId, arn } = await createKey();
    const named = { AliasName: 'alias/first', TargetKeyId: keyId };
    await kms.send(new CreateAliasCommand(named));

    for (const TargetKeyId of ['alias/first', arn.replace(`key/${keyId}`, 'alias/first')]) {
      const refusals = [
        await refusal(kms.send(new CreateAliasCommand({ AliasName: 'alias/next', TargetKeyId }))),
        await refusal(kms.send(new UpdateAliasCommand({ ...named, TargetKeyId }))),
      ];
      const words = { message: 'Aliases must refer to keys. Not aliases' };
      expect(refusals).toEqual(Array(2).fill({ name: 'ValidationException', ...words }));
    }
  });

  it('do not move between a symmetric and a signing key', async () => {
    const symmetric = await createKey();
    const signing = await createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    const AliasName = 'alias/kind';
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: symmetric.keyId }));

    const error = await refusal(
      kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: signing.keyId })),
    );

    expect(error.name).toBe('ValidationException');
  });

  it('number 50 on one key at most', async () => {
    const { keyId: TargetKeyId } = await createKey();
    for (let index = 0; index < 50; index += 1) {
      await kms.send(new CreateAliasCommand({ AliasName: `alias/many-${index}`, TargetKeyId }));
    }

    const error = await refusal(
      kms.send(new CreateAliasCommand({ AliasName: 'alias/many-50', TargetKeyId })),
    );

    expect(error.name).toBe('LimitExceededException');
    const first = await kms.send(new ListAliasesCommand({ KeyId: TargetKeyId, Limit: 30 }));
    const rest = await kms.send(
      new ListAliasesCommand({ KeyId: TargetKeyId, Limit: 30, Marker: first.NextMarker }),
    );
    expect([first.Aliases?.length, rest.Aliases?.length, rest.Truncated]).toEqual([30, 20, false]);
  });

  it('can be deleted', async () => {
    const { keyId } = await createKey();
    const AliasName = 'alias/short-lived';
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: keyId }));

    await kms.send(new DeleteAliasCommand({ AliasName }));

    expect((await refusal(encrypt(AliasName))).name).toBe('NotFoundException');
    expect((await refusal(kms.send(new DeleteAliasCommand({ AliasName })))).name).toBe(
      'NotFoundException',
    );
  });
});

describe('tags and description', () => {
  const FORBIDDEN =
    'Tags must consist of letters, numbers, white space and the characters _ . : / = + - @';
  it('can be put, listed and taken away', async () => {
    const { keyId } = await createKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] });
    const Tags = [{ TagKey: '__proto__', TagValue: '2' }];
    await kms.send(new TagResourceCommand({ KeyId: keyId, Tags }));
    await kms.send(new UntagResourceCommand({ KeyId: keyId, TagKeys: ['a'] }));
    await kms.send(new UpdateKeyDescriptionCommand({ KeyId: keyId, Description: 'new' }));

    const listed = await kms.send(new ListResourceTagsCommand({ KeyId: keyId }));
    const described = await kms.send(new DescribeKeyCommand({ KeyId: keyId }));
    expect(listed.Tags).toEqual(Tags);
    expect(described.KeyMetadata?.Description).toBe('new');
  });

  it.each([
    [[{ TagKey: 'aws:x', TagValue: '' }], 'Tags beginning with aws: are reserved'],
    [
      [
        { TagKey: 'a', TagValue: '' },
        { TagKey: 'a', TagValue: '' },
      ],
      'Duplicate tag keys',
    ],
    [
      Array.from({ length: 51 }, (_, index) => ({ TagKey: `k${index}`, TagValue: '' })),
      'Too many tags',
    ],
    [[{ TagKey: 'a', TagValue: 'a#b' }], FORBIDDEN],
    [[{ TagKey: 'a;b', TagValue: '' }], FORBIDDEN],
  ])('are refused when AWS refuses them (%#)', async (Tags, message) => {
    const { keyId } = await createKey();

    const error = await refusal(kms.send(new TagResourceCommand({ KeyId: keyId, Tags })));

    expect(error).toEqual({ name: 'TagException', message });
  });
});

describe('the rest', () => {
  it('lists keys page by page', async () => {
    const { keyId } = await createKey();
    const ids: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const listed = await kms.send(new ListKeysCommand({ Limit: 3, Marker }));
      ids.push(...(listed.Keys ?? []).map(({ KeyId }) => KeyId));
      Marker = listed.NextMarker;
    } while (Marker !== undefined);

    expect(ids).toContain(keyId);
    expect(new Set(ids).size).toBe(ids.length);
    const bad = await refusal(kms.send(new ListKeysCommand({ Marker: '%%%' })));
    expect(bad.name).toBe('InvalidMarkerException');
  });

  it('remembers automatic rotation of standard keys', async () => {
    const { keyId: KeyId } = await createKey();
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));

    expect(await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
    });
  });

  it('refuses grant tokens of no grant', async () => {
    const { keyId: KeyId } = await createKey();
    const input = { KeyId, Plaintext: Buffer.from('x'), GrantTokens: ['x'] };

    const refused = await refusal(kms.send(new EncryptCommand(input)));

    expect(refused.name).toBe('InvalidGrantTokenException');
  });

  it('refuses kinds of keys it does not make', async () => {
    const attempts = [
      { KeySpec: 'SM2' as const, KeyUsage: 'SIGN_VERIFY' as const },
      { Origin: 'EXTERNAL_KEY_STORE' as const },
    ];
    for (const attempt of attempts) {
      const error = await refusal(kms.send(new CreateKeyCommand(attempt)));

      expect(error.name).toBe('UnsupportedOperationException');
    }
    const mismatch = new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY' });
    expect((await refusal(kms.send(mismatch))).name).toBe('ValidationException');
  });
});
