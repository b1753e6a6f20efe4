// SPDX-License-Identifier: Apache-2.0
// Use case: what was detected suspends the key by itself, where the rule says so for its class (requirement V6). A suspension
// can be lifted, so that is all that is done without people; once for each incident, never beyond the cap of the hour.
import { sha256Hex } from '../crypto/hashing.ts';
import { KeyturnError } from '../errors.ts';
import { type AdmitContainmentDeps, admitContainment } from '../operations/contain-key.ts';
import { hasStarted } from '../operations/enforce-containment.ts';
import type { DetectionName, DetectionRule, DetectionRules } from '../policies/detection-rules.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import type { Workflows } from '../ports/platform.ts';

/** Who acts in the audit records of what was detected. */
export const DETECTION = 'system/detection';
const SLOT = 'suspended-by-detection';

export interface RespondDeps extends AdmitContainmentDeps {
  readonly workflows: Workflows;
  readonly detections: DetectionRules;
}

export interface Finding {
  readonly snapshot: KeySnapshot;
  /** Id of the incident that was opened for it. */
  readonly incident: string;
  readonly name: DetectionName;
}

/**
 * Suspends the key of a finding: denied with the answer, blocked at KMS by the workflow.
 * @returns in words what was done, or why nothing; null: the rule asks for nothing
 * @throws KeyturnError what the table answers
 */
export async function respond(
  deps: RespondDeps,
  { suspends = [] }: DetectionRule,
  { snapshot, incident, name }: Finding,
): Promise<string | null> {
  const { key } = snapshot;
  if (!suspends.includes(key.class) || key.containment) return null;
  const claim = sha256Hex(`detection/${incident}/${key.name}`);
  // People who lifted it that day have decided.
  if (await deps.ledger.readIdempotency(claim)) return null;
  const hasRoom = await deps.slots.take(
    SLOT,
    deps.clock.now(),
    deps.detections.maxSuspensionsPerHour,
    { holder: claim },
  );
  if (!hasRoom) return 'not suspended: the cap of the hour is reached';
  try {
    const { operationId, isNew } = await admitContainment(deps, {
      key: key.name,
      version: null,
      kind: 'suspension',
      mode: null,
      reason: `detected: ${name}; incident ${incident}`,
      occurredAt: null,
      isEmergency: false,
      by: DETECTION,
      decision: { effect: 'permit', rule: `detection/${name}` },
      claim: { scope: claim, bodyHash: claim },
    });
    if (isNew) await hasStarted(deps, operationId);
    return `suspended by ${operationId}`;
  } catch (error) {
    // Protected, destroyed, being changed, or the cap of its class is reached: the incident is open, and people decide.
    if (error instanceof KeyturnError) return `not suspended: ${error.name}`;
    throw error;
  }
}
