// SPDX-License-Identifier: Apache-2.0
// Act `key.release`: Keyturn lets go of a key that has consumers, who lose what it does for them.
import { mayProcess } from '../../keys/transitions.ts';
import {
  admitRelease,
  type ReleaseKeyDeps,
  requireReleasable,
} from '../../operations/release-key.ts';
import type { KeySnapshot } from '../../ports/ledger.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';

function basisOf({ key, consumers, versions }: KeySnapshot) {
  return {
    key: key.name,
    state: key.state,
    currentVersion: key.currentVersion,
    versions: versions
      .filter(({ state }) => mayProcess(state))
      .map(({ version, keyId, state }) => ({ version, keyId, state })),
    consumers: consumers.map(({ name, principal }) => ({ name, principal })),
  };
}

export const releaseKeyAct: Act<Omit<ReleaseKeyDeps, 'workflows'>> = {
  action: 'key.release',

  async describe({ ledger }, { key: name, parameters }) {
    const snapshot = await requireReleasable(ledger, name ?? '');
    const { key } = snapshot;
    return {
      key: key.name,
      version: key.currentVersion,
      operationId: null,
      parameters,
      what: `Let go of ${key.name}: its KMS keys stay usable, under IAM of the account, without Keyturn`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, { undo: 'adopt the KMS keys again under another name' }),
      basis: basisOf(snapshot),
    };
  },

  async execute(deps, approval, consume) {
    const operationId = await admitRelease(deps, {
      key: approval.key ?? '',
      reason: approval.reason,
      by: approval.requestedBy,
      decision: { effect: 'permit', rule: approval.rule.name },
      claim: { scope: `approval/${approval.id}`, bodyHash: approval.digest },
      approve: (snapshot, id) => consume(basisOf(snapshot), id),
    });
    return [{ kind: 'update-access', operationId, attempt: 1 }];
  },
};
