// SPDX-License-Identifier: Apache-2.0
// The end of a containment: KMS was seen to refuse, again and again. Only now is a key `revoked` or `suspended`.
import { firstWatch } from '../keys/purge-watch.ts';
import type { OperationRecord, VersionRecord } from '../keys/records.ts';
import { statusOf, versionStatuses } from '../keys/status.ts';
import type { KeySnapshot } from '../ports/ledger.ts';
import { mutateKey, ROWS_AT_ONCE } from './mutate-key.ts';
import { handBack, stillParked } from './resume-key.ts';
import {
  leasedContext,
  openStep,
  recordStep,
  type StepContext,
  type StepDeps,
  type StepInput,
} from './run-step.ts';

const CONFIRMED = { revocation: 'key.revoked', suspension: 'key.suspended' } as const;

function confirmed({ versions }: KeySnapshot, at: string): readonly VersionRecord[] {
  return versions.flatMap((version) => {
    const { containment } = version;
    if (!containment || containment.confirmedAt !== null) return [];
    return [{ ...version, containment: { ...containment, confirmedAt: at } }];
  });
}

async function confirmMost(deps: StepDeps, input: StepInput): Promise<void> {
  for (let isDone = false; !isDone; ) {
    isDone = await mutateKey(deps.ledger, input.key, (snapshot) => {
      const { operation } = leasedContext(snapshot, input);
      const at = deps.clock.now();
      const left = confirmed(snapshot, at);
      if (left.length <= ROWS_AT_ONCE) return { draft: null, result: true };
      const draft = {
        versions: left.slice(0, ROWS_AT_ONCE),
        audit: {
          at,
          actor: `workflow/${operation.kind}`,
          action: 'versions.confirmed',
          decision: { effect: 'permit' as const, rule: 'lease-holder' },
          operationId: input.operationId,
          detail: { versions: ROWS_AT_ONCE },
        },
      };
      return { draft, result: false };
    });
  }
}

/** The sweep makes the successor, at once: the key is closed until then. */
function successorDue(
  { key }: KeySnapshot,
  { containment, startedAt }: OperationRecord,
  at: string,
) {
  const isDue = containment?.withSuccessor && key.currentVersion === containment.version;
  if (!isDue || key.containment) return {};
  return {
    nextRotationAt: at,
    nextNoticeAt: null,
    retryNotBefore: null,
    dueBecause: {
      trigger: 'compromise' as const,
      reason: `version ${containment.version} was revoked at ${startedAt}`,
      isUrgent: true,
    },
  };
}

function completion(
  { snapshot, operation }: StepContext,
  parked: OperationRecord | null,
  at: string,
) {
  const { key } = snapshot;
  const scope = operation.containment;
  const versions = confirmed(snapshot, at);
  const purgeWatch = firstWatch(snapshot);
  const isOpen = key.containment && key.containment.confirmedAt === null;
  const ofKey = isOpen ? { ...key.containment, confirmedAt: at } : (key.containment ?? null);
  return {
    action: CONFIRMED[scope?.kind ?? 'revocation'],
    detail: {
      keyVersions: scope?.version == null ? 'all' : String(scope.version),
      mode: scope?.mode ?? null,
      since: operation.startedAt,
      goesOn: parked?.id ?? null,
    },
    key: {
      ...(ofKey ? { containment: ofKey } : {}),
      ...handBack(key.fence, parked, at),
      ...(parked ? {} : successorDue(snapshot, operation, at)),
    },
    versions,
    statuses: [
      ...(ofKey ? [statusOf(key.name, null, ofKey, at)] : []),
      ...versionStatuses(versions, ofKey, at),
    ],
    ...(purgeWatch ? { purgeWatch } : {}),
    ...(parked ? { otherOperations: [{ ...parked, retryAt: at }] } : {}),
    operation: { state: 'done' as const, endedAt: at, cause: null, retryAt: null },
  };
}

/** @throws KeyturnError `LeaseLost`, `StepOutOfOrder` when the refusals are not recorded */
export async function completeContainment(deps: StepDeps, input: StepInput): Promise<void> {
  const { operation } = await openStep(deps, input, 'ConfirmContainment');
  await confirmMost(deps, input);
  const parked = await stillParked(deps, operation.containment?.resumes);
  await recordStep(deps, input, 'CompleteOperation', (context) =>
    completion(context, parked, deps.clock.now()),
  );
}
