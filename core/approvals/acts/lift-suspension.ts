// SPDX-License-Identifier: Apache-2.0
// Act `key.lift-suspension`: a suspended key may be used again. Those who decide see how long caches may still refuse it.
import { CACHE_SECONDS } from '../../keys/consumers.ts';
import { admitResume, liftableKey, type ResumeKeyDeps } from '../../operations/resume-key.ts';
import type { KeySnapshot } from '../../ports/ledger.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';

function basisOf({ key, versions }: KeySnapshot) {
  return {
    key: key.name,
    operationId: key.containment?.operationId ?? null,
    kind: key.containment?.kind ?? null,
    currentVersion: key.currentVersion,
    versions: versions
      .filter(({ containment }) => containment?.kind === 'suspension')
      .map(({ version, keyId, containment }) => ({
        version,
        keyId,
        before: containment?.before.state,
      })),
  };
}

export const liftSuspension: Act<ResumeKeyDeps> = {
  action: 'key.lift-suspension',

  async describe({ ledger }, { key: name, parameters }) {
    const snapshot = await liftableKey(ledger, name ?? '');
    const { key } = snapshot;
    return {
      key: key.name,
      version: key.currentVersion,
      operationId: key.containment?.operationId ?? null,
      parameters: { ...parameters, cacheSeconds: CACHE_SECONDS },
      what: `Let ${key.name} be used again, which is suspended since ${key.containment?.at}; caches may refuse it for ${CACHE_SECONDS} s more`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, { undo: 'suspend the key again' }),
      basis: basisOf(snapshot),
    };
  },

  async execute(deps, approval, consume) {
    const operationId = await admitResume(deps, {
      key: approval.key ?? '',
      reason: approval.reason,
      by: approval.requestedBy,
      decision: { effect: 'permit', rule: approval.rule.name },
      claim: { scope: `approval/${approval.id}`, bodyHash: approval.digest },
      approve: (snapshot, id) => consume(basisOf(snapshot), id),
    });
    return [{ kind: 'resume-key', operationId, attempt: 1 }];
  },

  async restart(_deps, { executedAs }) {
    return executedAs === null ? [] : [{ kind: 'resume-key', operationId: executedAs, attempt: 1 }];
  },
};
