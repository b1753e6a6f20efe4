// SPDX-License-Identifier: Apache-2.0
// `kmsuser`, the crypto user as whom KMS logs into a cluster. Its password lives in the HSMs and so in every backup;
// KMS replaces it whenever it connects, so that afterwards only KMS knows it.
import { createHash, randomBytes } from 'node:crypto';
import type { ClusterRecord } from '../store/clusters.ts';

/** Wrong passwords after which the user is locked. @see AWS CloudHSM user guide, loginHSM */
export const LOCK_OUT_FAILURES = 5;

/** What KMS holds instead of a digest when it knows no password: it opens no cluster. */
export const NO_PASSWORD = 'none';

/** Why `kmsuser` was not let in, in the words of ConnectionErrorCode. */
export type LoginError =
  | 'INVALID_CREDENTIALS'
  | 'USER_LOCKED_OUT'
  | 'USER_LOGGED_IN'
  | 'USER_NOT_FOUND';

/** The members of a cluster that are its `kmsuser`. */
export type KmsUser = Pick<
  ClusterRecord,
  'historyId' | 'kmsUserDigest' | 'kmsUserFailures' | 'kmsUserLoggedIn'
>;

/** Digest of a password of `kmsuser`. Clusters made of each other's backups have their users in common, so it is bound to them all. */
export function passwordDigest(
  { historyId }: Pick<KmsUser, 'historyId'>,
  password: string,
): string {
  return createHash('sha256').update(`${historyId}\0${password}`).digest('hex');
}

/** Digest of a password that is drawn and forgotten: KMS is the digest's only holder. */
export function newPasswordDigest(user: Pick<KmsUser, 'historyId'>): string {
  return passwordDigest(user, randomBytes(24).toString('base64url'));
}

/** Whether the user is locked until an HSM admin sets its password. */
export function isLocked(user: KmsUser): boolean {
  return user.kmsUserFailures >= LOCK_OUT_FAILURES;
}

/** One attempt to log in: what becomes of the user, and why it was refused. */
export function attemptLogin<User extends KmsUser>(
  user: User,
  digest: string,
): { readonly user: User; readonly error: LoginError | null } {
  if (user.kmsUserDigest === null) return { user, error: 'USER_NOT_FOUND' };
  if (isLocked(user)) return { user, error: 'USER_LOCKED_OUT' };
  if (user.kmsUserDigest === digest) return { user: { ...user, kmsUserFailures: 0 }, error: null };
  const failed = { ...user, kmsUserFailures: user.kmsUserFailures + 1 };
  return { user: failed, error: 'INVALID_CREDENTIALS' };
}
