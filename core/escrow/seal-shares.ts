// SPDX-License-Identifier: Apache-2.0
// Splits a secret and seals each share to its custodian. Open shares exist inside this call only and are overwritten
// before it ends, however it ends.
import { checkValue, wipe } from '../crypto/check-value.ts';
import { canonicalBytes } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';
import type { Instant } from '../keys/records.ts';
import type { SecretSplitter, ShareSealer, ShareSigner } from '../ports/escrow.ts';
import { digestOf, toOpenShare } from './open-share.ts';
import type { Custodian, ShareEnvelope } from './records.ts';

/** One byte numbers a share; one share alone would be the secret in one hand. */
export const MAX_SHARES = 255;
export const MIN_REQUIRED = 2;
/** AES-128: below it, digests of shares could be searched. */
export const MIN_SECRET_BYTES = 16;

export interface SealSharesDeps {
  readonly splitter: SecretSplitter;
  readonly sealer: ShareSealer;
  readonly signer: ShareSigner;
}

/** What is split, of what, and for whom. */
export interface ShareSetInput {
  readonly setId: string;
  readonly key: string;
  readonly version: number;
  readonly generation: number;
  readonly required: number;
  readonly custodians: readonly Custodian[];
  readonly createdAt: Instant;
}

function quorumFault(required: number, custodians: readonly Custodian[]): string | null {
  const total = custodians.length;
  if (!Number.isInteger(required) || required < MIN_REQUIRED)
    return `${required} share(s) would rebuild the key: at least ${MIN_REQUIRED} must be needed`;
  if (required > total) return `${required} shares are needed and there are ${total} custodians`;
  if (total > MAX_SHARES) return `there can be ${MAX_SHARES} shares at most, not ${total}`;
  if (new Set(custodians.map(({ sub }) => sub)).size < total)
    return 'a custodian is named twice: one human holds one share';
  if (new Set(custodians.map(({ recipient }) => recipient)).size < total)
    return 'two custodians have the same age recipient: one key would open both shares';
  return null;
}

/** @throws KeyturnError `ValidationFailed` when the secret cannot be split so */
export function requireShareable(
  required: number,
  custodians: readonly Custodian[],
  secretBytes: number,
): void {
  const fault =
    quorumFault(required, custodians) ??
    (secretBytes < MIN_SECRET_BYTES ? `a secret of ${secretBytes} bytes is too short` : null);
  if (fault) throw new KeyturnError('ValidationFailed', `the material is not split: ${fault}`);
}

/** The bytes that a signature of an envelope covers. */
export function signedBytes({ signature: _signature, ...rest }: ShareEnvelope): Uint8Array {
  return canonicalBytes(rest);
}

/**
 * Splits the secret, one sealed and signed share for each custodian in their order. The secret stays the caller's.
 * @throws KeyturnError `ValidationFailed`, and what the ports answer
 */
export async function sealShares(
  deps: SealSharesDeps,
  input: ShareSetInput,
  secret: Uint8Array,
): Promise<readonly ShareEnvelope[]> {
  const { custodians, required } = input;
  requireShareable(required, custodians, secret.length);
  const check = checkValue(secret, input.setId);
  const shares = await deps.splitter.split(secret, custodians.length, required);
  try {
    const envelopes: ShareEnvelope[] = [];
    for (const [at, custodian] of custodians.entries()) {
      const share = shares[at] ?? new Uint8Array();
      envelopes.push(await sealOne(deps, input, { custodian, index: at + 1, check }, share));
    }
    return envelopes;
  } finally {
    wipe(...shares);
  }
}

async function sealOne(
  { sealer, signer }: SealSharesDeps,
  input: ShareSetInput,
  { custodian, index, check }: { custodian: Custodian; index: number; check: string },
  share: Uint8Array,
): Promise<ShareEnvelope> {
  const { setId, key, version, generation, required, custodians, createdAt } = input;
  const total = custodians.length;
  const open = toOpenShare({ setId, generation, index, required, total }, share);
  try {
    const sealed = await sealer.seal(open, custodian.recipient);
    const unsigned: ShareEnvelope = {
      type: 'keyturn-share/1',
      setId,
      key,
      version,
      generation,
      index,
      required,
      total,
      bytes: share.length - 1,
      custodian: custodian.sub,
      recipient: custodian.recipient,
      shareDigest: digestOf(open),
      checkValue: check,
      createdAt,
      sealed: Buffer.from(sealed).toString('base64'),
      signature: '',
    };
    return { ...unsigned, signature: await signer.sign(signedBytes(unsigned)) };
  } finally {
    wipe(open);
  }
}
