// SPDX-License-Identifier: Apache-2.0
// Act `version.open`: what a revoked version protects is re-encrypted for a while, by the role of re-encryption alone.
import { OpenVersionRequest } from '../../contract/reencryption.ts';
import {
  admitOpening,
  type OpenVersionDeps,
  openableKey,
  requireOpenable,
} from '../../operations/open-version.ts';
import type { KeySnapshot } from '../../ports/ledger.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';
import type { ApprovalParameters } from '../records.ts';

const Asked = OpenVersionRequest.pick({ hours: true });
const hoursOf = (parameters: ApprovalParameters) => Asked.parse(parameters).hours;

/** What people looked at: the revoked version and where its data goes. */
function basisOf(snapshot: KeySnapshot, asked: number) {
  const { version, containment } = requireOpenable(snapshot, asked);
  return {
    key: snapshot.key.name,
    version: asked,
    keyId: version.keyId,
    revokedBy: containment.operationId,
    currentVersion: snapshot.key.currentVersion,
  };
}

export const openVersion: Act<OpenVersionDeps> = {
  action: 'version.open',

  async describe({ ledger }, { key: name, version, parameters }) {
    const hours = hoursOf(parameters);
    const asked = version ?? 0;
    const snapshot = await openableKey(ledger, name ?? '', asked);
    const { key } = snapshot;
    const { containment } = requireOpenable(snapshot, asked);
    return {
      key: key.name,
      version: asked,
      operationId: containment.operationId,
      parameters,
      what: `For ${hours} h, let what version ${asked} of ${key.name} protects be re-encrypted under version ${key.currentVersion}; it is revoked since ${containment.at} (${containment.reason}), and nobody else can use it`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, { undo: 'revoke the version again in mode hard' }),
      basis: basisOf(snapshot, asked),
    };
  },

  async execute(deps, approval, consume) {
    const version = approval.version ?? 0;
    const operationId = await admitOpening(deps, {
      key: approval.key ?? '',
      version,
      hours: hoursOf(approval.parameters),
      reason: approval.reason,
      by: approval.requestedBy,
      approvalId: approval.id,
      decision: { effect: 'permit', rule: approval.rule.name },
      claim: { scope: `approval/${approval.id}`, bodyHash: approval.digest },
      approve: (snapshot, id) => consume(basisOf(snapshot, version), id),
    });
    return [{ kind: 'update-access', operationId, attempt: 1 }];
  },

  async restart(_deps, { executedAs }) {
    return executedAs === null
      ? []
      : [{ kind: 'update-access', operationId: executedAs, attempt: 1 }];
  },
};
