// SPDX-License-Identifier: Apache-2.0
// Act `key.revoke`: a key or version is stopped where nobody may do that alone, or too many were in one hour.
import { AskedContainment } from '../../contract/containment.ts';
import { KeyturnError } from '../../errors.ts';
import { type AdmitContainmentDeps, admitContainment } from '../../operations/contain-key.ts';
import { keyNotFound, requireManaged } from '../../operations/mutate-key.ts';
import type { KeySnapshot } from '../../ports/ledger.ts';
import type { Act } from '../act.ts';
import { blastOf } from '../blast-radius.ts';
import type { ApprovalParameters } from '../records.ts';

/** What it rests on is only who and what: a rotation that ran meanwhile makes a compromise no less urgent. */
function basisOf({ key }: KeySnapshot) {
  return { key: key.name, owner: key.owner, class: key.class, environment: key.environment };
}

const asked = (parameters: ApprovalParameters) => AskedContainment.parse(parameters);

async function containable(
  { ledger }: Pick<AdmitContainmentDeps, 'ledger'>,
  name: string,
): Promise<KeySnapshot> {
  const snapshot = await ledger.readKey(name);
  if (!snapshot) throw keyNotFound(name);
  requireManaged(snapshot.key);
  if (snapshot.key.state !== 'destroyed') return snapshot;
  throw new KeyturnError('TransitionForbidden', `${name} is destroyed`, { details: { key: name } });
}

export const revokeKey: Act<AdmitContainmentDeps> = {
  action: 'key.revoke',

  async describe({ ledger }, { key: name, version, parameters }) {
    const snapshot = await containable({ ledger }, name ?? '');
    const { kind, withSuccessor } = asked(parameters);
    const then = withSuccessor ? '; then a successor is made, which the alias leads to' : '';
    const { key } = snapshot;
    const scope = version === null ? key.name : `version ${version} of ${key.name}`;
    const isRevocation = kind === 'revocation';
    return {
      key: key.name,
      version,
      operationId: null,
      parameters,
      what: isRevocation
        ? `Revoke ${scope} for good: nobody encrypts or decrypts with it from then on${then}`
        : `Suspend ${scope}: nobody encrypts or decrypts with it until that is lifted`,
      class: key.class,
      environment: key.environment,
      blast: blastOf(snapshot, {
        unreadable: isRevocation ? 'what was encrypted, until it is re-encrypted' : null,
        undo: isRevocation ? null : 'lift the suspension, by approvals',
        irreversible: isRevocation,
      }),
      basis: basisOf(snapshot),
    };
  },

  async execute(deps, approval, consume) {
    const { operationId, isNew } = await admitContainment(deps, {
      key: approval.key ?? '',
      version: approval.version,
      ...asked(approval.parameters),
      reason: approval.reason ?? approval.what,
      isEmergency: false,
      by: approval.requestedBy,
      decision: { effect: 'permit', rule: approval.rule.name },
      claim: { scope: `approval/${approval.id}`, bodyHash: approval.digest },
      approve: (snapshot, id) => consume(basisOf(snapshot), id),
    });
    if (!isNew)
      throw new KeyturnError('TransitionForbidden', `${operationId} has stopped it already`);
    return [{ kind: 'revoke-key', operationId, attempt: 1 }];
  },

  async restart(_deps, { executedAs }) {
    return executedAs === null ? [] : [{ kind: 'revoke-key', operationId: executedAs, attempt: 1 }];
  },
};
