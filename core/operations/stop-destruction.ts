// SPDX-License-Identifier: Apache-2.0
// Use cases of people about a destruction that is under way: stop it, which one may do alone and until KMS has deleted
// the key; and report that the HSM has nothing of it any more.
import { KeyturnError } from '../errors.ts';
import { destructionOf, isErased, isStoppable } from '../keys/destruction.ts';
import type { DestructionRecord } from '../keys/destruction-record.ts';
import type { Decision } from '../ports/platform.ts';
import {
  type AdvanceDeps,
  destructionDraft,
  type StartDestructionDeps,
  stopDraft,
} from './advance-destruction.ts';
import { mutateKey } from './mutate-key.ts';
import type { DestructionTarget } from './remove-version.ts';
import { withMaterialGone } from './verify-destruction.ts';

export interface StopInput extends DestructionTarget {
  readonly by: string;
  readonly reason: string | null;
  readonly decision: Decision;
}

/**
 * Stops a destruction. The version is what it was once KMS has given the key back; asked again, it answers the same.
 * @throws KeyturnError `KeyNotFound`, `DestructionNotFound`, `TransitionForbidden` when KMS has deleted it
 */
export async function stopDestruction(
  deps: StartDestructionDeps,
  input: StopInput,
): Promise<DestructionRecord> {
  const stopped = await mutateKey<DestructionRecord>(deps.ledger, input.key, (snapshot) => {
    const { head, record } = destructionOf(snapshot, input.version);
    if (record.phase === 'stopping' || record.phase === 'stopped')
      return { draft: null, result: record };
    if (!isStoppable(record) || isErased(snapshot, head))
      throw new KeyturnError(
        'TransitionForbidden',
        `version ${head.version} of ${input.key} is destroyed since ${record.logicalAt ?? record.deletionAt}; nothing brings it back`,
      );
    const now = deps.clock.now();
    const draft = stopDraft(snapshot, head, record, {
      by: input.by,
      reason: input.reason ?? 'cancelled',
      now,
      rule: input.decision.rule,
    });
    const next = draft.versions?.find(({ version }) => version === head.version)?.destruction;
    return { draft, result: next ?? record };
  });
  const attempt = Math.floor(Date.parse(deps.clock.now()) / 1000);
  const { key, version } = input;
  if (stopped.phase === 'stopping')
    await deps.workflows.start('destroy-key', stopped.id, attempt, { key, version });
  return stopped;
}

export interface MaterialInput extends DestructionTarget {
  readonly by: string;
  readonly decision: Decision;
  readonly clusterId: string;
  readonly listingDigest: string;
  readonly objectsListed: number;
  /** Objects labelled with the ARN of the KMS key. */
  readonly objectsFound: number;
  readonly backupRetentionDays: number;
}

/**
 * Records what an HSM administrator found. Objects that are there still refuse it: they are to be removed first.
 * @throws KeyturnError `KeyNotFound`, `DestructionNotFound`, `TransitionForbidden`
 */
export async function reportMaterial(
  { ledger, clock }: AdvanceDeps,
  input: MaterialInput,
): Promise<DestructionRecord> {
  return mutateKey<DestructionRecord>(ledger, input.key, (snapshot) => {
    const { head, record } = destructionOf(snapshot, input.version);
    if (record.phase !== 'logical')
      throw new KeyturnError(
        'TransitionForbidden',
        `the HSM is looked at once KMS has deleted the key; it is ${record.phase}`,
      );
    if (input.objectsFound > 0)
      throw new KeyturnError(
        'TransitionForbidden',
        `${input.clusterId} has ${input.objectsFound} object(s) of ${head.keyArn}; delete them, and list again`,
      );
    if (input.clusterId === record.resurrected?.leftClusterId)
      throw new KeyturnError(
        'TransitionForbidden',
        `the key store has left ${input.clusterId}, and ${head.keyArn} came back in ${record.resurrected.clusterId}: list that`,
      );
    const now = clock.now();
    const { by, clusterId, listingDigest, objectsListed } = input;
    const report = { by, at: now, clusterId, listingDigest, objectsListed };
    const next = withMaterialGone(record, now, report, input.backupRetentionDays);
    const draft = destructionDraft(snapshot, head, next, {
      at: now,
      actor: by,
      action: 'destruction.material-gone',
      rule: input.decision.rule,
      detail: { clusterId, listingDigest, backupsUntil: next.backupsUntil },
    });
    return { draft, result: next };
  });
}
