// SPDX-License-Identifier: Apache-2.0
// Examples of the bodies of the decision policy.

const AT = '2026-11-22T10:00:00.000Z';
const NOW_IN_FORCE = '3b0c6f1d9a52be40d7a8c4e1f09b7263d54a8e0c1f72b95d36e4a70c8b1f2d9e';
const DEPLOYED = 'c1f72b95d36e4a70c8b1f2d9e3b0c6f1d9a52be40d7a8c4e1f09b7263d54a8e0';

const RULE = {
  name: 'daily-work',
  actions: ['rotation.force', 'key.release'],
  classes: null,
  required: null,
  groups: [{ group: 'grp_custodians', required: 0 }],
  distinctTeams: 1,
  signed: false,
  slack: true,
};
const PERSON = { sub: 'usr_bob', user: 'bob', groups: ['grp_custodians'], teams: [] };

export const DECISION_POLICY_EXAMPLES: Readonly<Record<string, unknown>> = {
  DecisionRule: RULE,
  DecisionPerson: PERSON,
  DecisionPolicy: {
    digest: NOW_IN_FORCE,
    since: AT,
    approvalId: null,
    deployedDigest: DEPLOYED,
    isCurrent: false,
    next: null,
    changes: ['class internal-data: quorum 2 becomes 1'],
    rules: [RULE],
    quorums: { 'internal-data': 2 },
    people: [PERSON],
  },
  ActivatePolicyRequest: { digest: DEPLOYED, reason: 'carol changed teams' },
};
