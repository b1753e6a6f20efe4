// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyVersion } from '#core/operations/verify-version.ts';
import type { CryptoUser } from '#core/ports/key-vault.ts';
import {
  begin,
  GENERATION_STEPS,
  ROTATION_STEPS,
  rotatingBefore,
  runSteps,
} from '#test/support/steps.ts';
import { aWorld, ORDERS, type World } from '#test/support/world.ts';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});

/** The verifier's crypto with one method replaced. */
const withCrypto = (patch: Partial<CryptoUser>) => ({
  ...world.deps,
  crypto: { ...world.vault.cryptoFor('verify-version'), ...patch },
});

describe('the canary check', () => {
  it('keeps a ciphertext and the digest of what it holds, and not what it holds', async () => {
    const input = await rotatingBefore(world, 'NameVersion');
    const { canary, verifiedAt, substate } = await world.version(2);

    expect(canary?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(verifiedAt).toBe('2026-01-01T00:00:00.000Z');
    expect(substate).toBe('next');
    // The plaintext is 32 equal bytes; no run of them lies in the record.
    const record = JSON.stringify(await world.store.readOperation(input.operationId));
    expect(record).not.toMatch(/(\w\w)\1{31}/);
  });

  it('refuses to activate a key whose canary comes back changed', async () => {
    const input = await rotatingBefore(world, 'VerifyVersion');
    const bent: CryptoUser['decrypt'] = async (_ciphertext, _context, keyId) => ({
      plaintext: Buffer.alloc(32, 255),
      keyId: keyId ?? '',
    });

    await expect(
      verifyVersion(withCrypto({ decrypt: bent }), { ...input, check: 'canary' }),
    ).rejects.toMatchObject({ name: 'CanaryMismatch' });

    expect(await world.version(2)).toMatchObject({ canary: null, verifiedAt: null });
  });

  it('refuses a vault that opens a ciphertext under another encryption context', async () => {
    const input = await rotatingBefore(world, 'VerifyVersion');
    const honest = world.vault.cryptoFor('verify-version');
    const careless: CryptoUser['decrypt'] = (ciphertext, _context, keyId) =>
      honest.decrypt(ciphertext, { 'keyturn:canary': `${ORDERS.name}/v2` }, keyId);

    await expect(
      verifyVersion(withCrypto({ decrypt: careless }), { ...input, check: 'canary' }),
    ).rejects.toMatchObject({
      name: 'CanaryMismatch',
      message: expect.stringContaining('context'),
    });
  });

  it('refuses a vault that answers with another key', async () => {
    const input = await rotatingBefore(world, 'VerifyVersion');
    const honest = world.vault.cryptoFor('verify-version');
    const other: CryptoUser['decrypt'] = async (...request) => ({
      ...(await honest.decrypt(...request)),
      keyId: 'another',
    });

    await expect(
      verifyVersion(withCrypto({ decrypt: other }), { ...input, check: 'canary' }),
    ).rejects.toMatchObject({ name: 'CanaryMismatch' });
  });
});

describe('the open check', () => {
  it('is not conclusive while the vault shows another policy', async () => {
    const input = await rotatingBefore(world, 'ProbeOpen');
    await world.vault.applyPolicy((await world.version(2)).keyId ?? '', 'pre-activation', []);

    await expect(verifyVersion(world.deps, { ...input, check: 'open' })).rejects.toMatchObject({
      name: 'ProbeNotYetConclusive',
    });
  });

  it('is not conclusive while the policy has another access list', async () => {
    const input = await rotatingBefore(world, 'ProbeOpen');
    await world.vault.applyPolicy((await world.version(2)).keyId ?? '', 'active', []);

    await expect(verifyVersion(world.deps, { ...input, check: 'open' })).rejects.toMatchObject({
      name: 'ProbeNotYetConclusive',
    });
  });
});

describe('the decrypt-only check', () => {
  const probe =
    (deps = world.deps) =>
    async (input: Parameters<typeof verifyVersion>[1]) =>
      verifyVersion(deps, input);

  it('is not conclusive while the old version still encrypts', async () => {
    const input = await rotatingBefore(world, 'ProbeDecryptOnly');
    const honest = world.vault.cryptoFor('verify-version');
    const { keyId } = await world.version(2);
    const late: CryptoUser['encrypt'] = (_keyId, plaintext, context) =>
      honest.encrypt(keyId ?? '', plaintext, context);

    await expect(
      probe(withCrypto({ encrypt: late }))({ ...input, check: 'decrypt-only' }),
    ).rejects.toMatchObject({ name: 'ProbeNotYetConclusive' });
  });

  it('takes an outage for no refusal: the error is the outage itself', async () => {
    const input = await rotatingBefore(world, 'ProbeDecryptOnly');
    world.vault.setConnected('cks-memory', false);

    await expect(probe()({ ...input, check: 'decrypt-only' })).rejects.toMatchObject({
      name: 'KeyStoreUnavailable',
    });
  });

  it('needs the new version to encrypt at the same moment', async () => {
    const input = await rotatingBefore(world, 'ProbeDecryptOnly');
    await world.vault.applyPolicy((await world.version(2)).keyId ?? '', 'decrypt-only', []);

    await expect(probe()({ ...input, check: 'decrypt-only' })).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('refuses a version whose old canary gives something else', async () => {
    const input = await rotatingBefore(world, 'ProbeDecryptOnly');
    const honest = world.vault.cryptoFor('verify-version');
    const old = (await world.version(1)).keyId;
    const forgetful: CryptoUser['decrypt'] = async (...request) => {
      const opened = await honest.decrypt(...request);
      return opened.keyId === old ? { ...opened, plaintext: Buffer.alloc(32) } : opened;
    };

    await expect(
      probe(withCrypto({ decrypt: forgetful }))({ ...input, check: 'decrypt-only' }),
    ).rejects.toMatchObject({ name: 'CanaryMismatch' });
  });

  it('is no check of a generation, which replaces nothing', async () => {
    await world.admitKey();
    const input = await begin(world);
    await runSteps(world, input, GENERATION_STEPS, 'CompleteOperation');

    await expect(probe()({ ...input, check: 'decrypt-only' })).rejects.toMatchObject({
      name: 'StepOutOfOrder',
    });
  });

  it('records its result as evidence', async () => {
    const input = await rotatingBefore(world, 'ProbeDecryptOnly');
    const steps = ROTATION_STEPS.filter((step) => step.name === 'ProbeDecryptOnly');
    await runSteps(world, input, steps);

    const { records } = await world.store.readAudit('key/orders', 0, 1000);
    expect(records.at(-1)).toMatchObject({
      action: 'version.probed',
      detail: { previousVersion: 1, encrypt: 'refused', decrypt: 'works' },
    });
  });
});
