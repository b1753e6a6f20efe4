// SPDX-License-Identifier: Apache-2.0
// Every act that needs approvals, by its action. To add one: its file, and a line here.
import type { ApprovalAction } from '../../contract/approvals.ts';
import { KeyturnError } from '../../errors.ts';
import type { ActivatePolicyDeps } from '../../operations/activate-policy.ts';
import type { BrakeDeps } from '../../operations/admit-brake.ts';
import type { ContainScopeDeps } from '../../operations/contain-scope.ts';
import type { DestroyDeps } from '../../operations/destroy-version.ts';
import type { Act } from '../act.ts';
import { activatePolicyAct } from './activate-policy.ts';
import { applyBrakeAct } from './apply-brake.ts';
import { breakGlassReview, type ReviewDeps } from './break-glass-review.ts';
import { containScopeAct } from './contain-scope.ts';
import { destroyVersion } from './destroy-version.ts';
import { type EnrollActDeps, enrollSigner } from './enroll-signer.ts';
import { recoverEscrow, reshareEscrow } from './escrow-session.ts';
import { type ForceRotationDeps, forceRotation } from './force-rotation.ts';
import { type ElevationActDeps, grantElevation } from './grant-elevation.ts';
import { liftBrakeAct } from './lift-brake.ts';
import { liftScopeAct } from './lift-scope.ts';
import { liftSuspension } from './lift-suspension.ts';
import { openVersion } from './open-version.ts';
import {
  disconnectKeyStoreAct,
  type RecoverKeyStoreActDeps,
  recoverKeyStoreAct,
} from './recover-key-store.ts';
import { releaseKeyAct } from './release-key.ts';
import { revokeKey } from './revoke-key.ts';

type ReleaseDeps = Parameters<typeof releaseKeyAct.describe>[0];
type RevokeDeps = Parameters<typeof revokeKey.describe>[0];
type ResumeDeps = Parameters<typeof liftSuspension.describe>[0];

/** What all acts together need. */
export type ActDeps = ForceRotationDeps &
  ReleaseDeps &
  ElevationActDeps &
  EnrollActDeps &
  ActivatePolicyDeps &
  RevokeDeps &
  ContainScopeDeps &
  BrakeDeps &
  ResumeDeps &
  ReviewDeps &
  DestroyDeps &
  RecoverKeyStoreActDeps;

const ACTS = {
  'rotation.force': forceRotation,
  'key.release': releaseKeyAct,
  'elevation.grant': grantElevation,
  'signer.enroll': enrollSigner,
  'key.revoke': revokeKey,
  'scope.revoke': containScopeAct,
  'scope.lift': liftScopeAct,
  'brake.apply': applyBrakeAct,
  'brake.lift': liftBrakeAct,
  'key.lift-suspension': liftSuspension,
  'version.open': openVersion,
  'break-glass.review': breakGlassReview,
  'version.destroy': destroyVersion,
  'key-store.recover': recoverKeyStoreAct,
  'key-store.disconnect': disconnectKeyStoreAct,
  'escrow.recover': recoverEscrow,
  'escrow.reshare': reshareEscrow,
  'quorum.change': activatePolicyAct,
} as const satisfies Partial<Record<ApprovalAction, Act<never>>>;
export type ActName = keyof typeof ACTS;
export const ACT_NAMES = Object.keys(ACTS) as ActName[];

/** The act of an action. @throws KeyturnError `InternalError` for one that nothing carries out */
export function actOf(action: ApprovalAction): Act<ActDeps> {
  const act = (ACTS as Partial<Record<ApprovalAction, Act<ActDeps>>>)[action];
  if (act) return act;
  throw new KeyturnError('InternalError', `nothing carries out ${action}`);
}
