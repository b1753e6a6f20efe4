// SPDX-License-Identifier: Apache-2.0
// Rotation of material: by period under the emulator's clock, on demand, and what old ciphertexts see of it.
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEmulator, type TestEmulator, until } from './support.ts';

const DAY = 86_400_000;
// The request's signature is checked against this clock, so clients are shifted along with it.
let ahead = 0;
let stoppedAt: number | undefined;
let emulator: TestEmulator;
let kms: KMSClient;
const pass = (days: number) => {
  ahead += days * DAY;
  kms = emulator.kms({ systemClockOffset: ahead });
};

beforeAll(async () => {
  emulator = await startEmulator({ clock: () => (stoppedAt ?? Date.now()) + ahead });
  kms = emulator.kms();
});
afterAll(() => emulator.stop());

const Plaintext = Buffer.from('secret');
async function newKey() {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return KeyMetadata?.KeyId ?? '';
}
const material = async (KeyId: string) =>
  (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.CurrentKeyMaterialId;
const status = (KeyId: string) => kms.send(new GetKeyRotationStatusCommand({ KeyId }));
const encrypt = async (KeyId: string) =>
  (await kms.send(new EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob;
const rotations = async (KeyId: string, more = {}) =>
  (await kms.send(new ListKeyRotationsCommand({ KeyId, ...more }))).Rotations ?? [];
async function rotateOnDemand(KeyId: string): Promise<void> {
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await until('the rotation is over', async () =>
    (await status(KeyId)).OnDemandRotationStartDate === undefined ? true : undefined,
  );
}

describe('rotation by period', () => {
  it('makes new material when its time comes and keeps the old', async () => {
    const KeyId = await newKey();
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    const first = await material(KeyId);
    const before = await encrypt(KeyId);
    const due = (await status(KeyId)).NextRotationDate?.getTime() ?? 0;
    expect(Math.round((due - Date.now() - ahead) / DAY)).toBe(90);

    pass(89);
    expect(await material(KeyId)).toBe(first);
    pass(2);
    const second = await material(KeyId);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: before }));
    const after = await kms.send(new DecryptCommand({ CiphertextBlob: await encrypt(KeyId) }));

    expect(second).toMatch(/^[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
    expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
    expect(opened.KeyMaterialId).toBe(first);
    expect(after.KeyMaterialId).toBe(second);
    expect(await rotations(KeyId)).toEqual([
      {
        KeyId,
        KeyMaterialId: second,
        KeyMaterialState: 'CURRENT',
        RotationType: 'AUTOMATIC',
        RotationDate: new Date(due),
      },
    ]);
    expect((await status(KeyId)).NextRotationDate?.getTime()).toBe(due + 90 * DAY);
  });

  it('stops when it is disabled, and pauses while the key is', async () => {
    const [stopped, paused] = [await newKey(), await newKey()];
    for (const KeyId of [stopped, paused]) await kms.send(new EnableKeyRotationCommand({ KeyId }));
    await kms.send(new DisableKeyRotationCommand({ KeyId: stopped }));
    await kms.send(new DisableKeyCommand({ KeyId: paused }));

    pass(800);

    expect(await rotations(stopped)).toEqual([]);
    expect(await rotations(paused)).toEqual([]);
    await kms.send(new EnableKeyCommand({ KeyId: paused }));
    expect(await rotations(paused)).toHaveLength(1);
  });

  it.each([89, 2561])('is not every %d days', async (RotationPeriodInDays) => {
    const KeyId = await newKey();

    const call = kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }));

    expect((await refusal(call)).name).toBe('ValidationException');
  });
});

describe('rotation on demand', () => {
  it('runs once at a time and shows itself while it does', async () => {
    const KeyId = await newKey();
    const first = await material(KeyId);
    const before = await encrypt(KeyId);

    stoppedAt = Date.now();
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    const again = await refusal(kms.send(new RotateKeyOnDemandCommand({ KeyId })));
    const running = await status(KeyId);
    stoppedAt = undefined;
    await until('the rotation is over', async () =>
      (await status(KeyId)).OnDemandRotationStartDate === undefined ? true : undefined,
    );

    expect(again.name).toBe('ConflictException');
    expect(running.OnDemandRotationStartDate).toBeInstanceOf(Date);
    const second = await material(KeyId);
    const resealed = await kms.send(
      new ReEncryptCommand({ CiphertextBlob: before, DestinationKeyId: KeyId }),
    );
    expect(resealed).toMatchObject({
      SourceKeyMaterialId: first,
      DestinationKeyMaterialId: second,
    });
    const all = await rotations(KeyId, { IncludeKeyMaterial: 'ALL_KEY_MATERIAL' });
    expect(all).toMatchObject([
      { KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT' },
      { KeyMaterialId: second, KeyMaterialState: 'CURRENT', RotationType: 'ON_DEMAND' },
    ]);
    expect(all[0]?.RotationDate).toBeUndefined();
  });

  it('happens 25 times in the life of a key, and is listed by page', async () => {
    const KeyId = await newKey();
    const ciphertexts = [await encrypt(KeyId)];
    for (let count = 0; count < 25; count += 1) {
      await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
      ahead += 300;
      ciphertexts.push(await encrypt(KeyId));
    }

    const more = await refusal(kms.send(new RotateKeyOnDemandCommand({ KeyId })));
    const page = await kms.send(new ListKeyRotationsCommand({ KeyId, Limit: 20 }));
    const rest = await rotations(KeyId, { Marker: page.NextMarker });
    const opened = await Promise.all(
      ciphertexts.map((CiphertextBlob) => kms.send(new DecryptCommand({ CiphertextBlob }))),
    );

    expect(more.name).toBe('LimitExceededException');
    expect([page.Rotations?.length, page.Truncated, rest.length]).toEqual([20, true, 5]);
    expect(new Set(opened.map(({ KeyMaterialId }) => KeyMaterialId)).size).toBe(26);
  });

  it('is refused on keys that cannot rotate', async () => {
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
    );
    const KeyId = KeyMetadata?.KeyId ?? '';
    const disabled = await newKey();
    await kms.send(new DisableKeyCommand({ KeyId: disabled }));

    for (const call of [
      () => kms.send(new RotateKeyOnDemandCommand({ KeyId })),
      () => kms.send(new EnableKeyRotationCommand({ KeyId })),
      () => rotations(KeyId),
    ]) {
      expect((await refusal(call())).name).toBe('UnsupportedOperationException');
    }
    const refused = await refusal(rotateOnDemand(disabled));
    expect(refused.name).toBe('DisabledException');
  });
});
