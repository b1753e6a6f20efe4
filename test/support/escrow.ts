// SPDX-License-Identifier: Apache-2.0
// Escrow with real arithmetic, real age keys and a real signature key; only KMS is left out.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { ageSealer } from '#adapters/escrow/age-sealer.ts';
import { shamirSplitter } from '#adapters/escrow/shamir-splitter.ts';
import type { ExpectedSet } from '#core/escrow/judge-shares.ts';
import type { Custodian, ShareEnvelope } from '#core/escrow/records.ts';
import { type ShareSetInput, sealShares } from '#core/escrow/seal-shares.ts';
import type { ShareSigner, ShareVerifier } from '#core/ports/escrow.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const escrowSigner: ShareSigner & ShareVerifier = {
  sign: async (message) => sign('sha256', message, privateKey).toString('base64'),
  verify: async (message, signature) => {
    const bytes = Buffer.from(signature, 'base64');
    return bytes.toString('base64') === signature && verify('sha256', message, publicKey, bytes);
  },
};

export const ESCROW = {
  splitter: shamirSplitter,
  sealer: ageSealer,
  signer: escrowSigner,
  verifier: escrowSigner,
};

export const SET_ID = `esc_${'0'.repeat(25)}1`;
export const NAMES = ['bob', 'carol', 'dan', 'erin', 'frank', 'gina', 'hank', 'iris', 'jack'];

/** A custodian who has their own age key. */
export interface Holder extends Custodian {
  readonly identity: string;
}

export async function holders(total: number): Promise<readonly Holder[]> {
  return Promise.all(
    NAMES.slice(0, total).map(async (name) => ({
      sub: `usr_${name}`,
      ...(await ageSealer.newIdentity()),
    })),
  );
}

/** A set as it was split, with the keys of its custodians. */
export interface MadeSet {
  readonly set: ExpectedSet;
  readonly envelopes: readonly ShareEnvelope[];
  readonly custodians: readonly Holder[];
}

export async function aSet(
  required: number,
  total: number,
  secret: Uint8Array,
  over: Partial<ShareSetInput> = {},
): Promise<MadeSet> {
  const custodians = await holders(total);
  const input: ShareSetInput = {
    setId: SET_ID,
    key: 'orders',
    version: 1,
    generation: 1,
    required,
    custodians: custodians.map(({ sub, recipient }) => ({ sub, recipient })),
    createdAt: '2026-01-01T00:00:00.000Z',
    ...over,
  };
  const envelopes = await sealShares(ESCROW, input, secret);
  const { checkValue = '', bytes = 0 } = envelopes[0] ?? {};
  const { setId, key, version, generation } = input;
  const set = { setId, key, version, generation, required, total, bytes, checkValue };
  return { set, envelopes, custodians };
}

/** A custodian's share, opened with their own key. */
export async function opened(made: MadeSet, at: number): Promise<Uint8Array> {
  const { sealed = '' } = made.envelopes[at] ?? {};
  const share = await ageSealer.open(
    Buffer.from(sealed, 'base64'),
    made.custodians[at]?.identity ?? '',
  );
  if (!share) throw new Error(`share ${at + 1} does not open`);
  return share;
}

export async function allOpened(made: MadeSet) {
  return Promise.all(
    made.custodians.map(async ({ sub }, at) => ({
      custodian: sub,
      share: await opened(made, at),
    })),
  );
}
