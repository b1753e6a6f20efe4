// SPDX-License-Identifier: Apache-2.0
// How the decision policy looks as tables.
import type { ResponseOf } from '../sdk/index.ts';
import { renderFields, renderTable } from './table.ts';

type Policy = ResponseOf<'getDecisionPolicy'>;
type Width = number | undefined;

const quorumOf = ({ required }: Policy['rules'][number]) => required ?? 'of the class';
const yes = (value: boolean) => (value ? 'yes' : 'no');

function rulesTable({ rules }: Policy, width: Width): string {
  const titles = ['rule', 'acts', 'classes', 'approvals', 'groups', 'signed', 'slack'];
  const rows = rules.map((rule) => [
    rule.name,
    rule.actions.join(', '),
    rule.classes?.join(', ') ?? 'all',
    quorumOf(rule),
    rule.groups
      .map(({ group, required }) => `${group}${required > 0 ? ` (${required})` : ''}`)
      .join(', '),
    yes(rule.signed),
    yes(rule.slack),
  ]);
  return renderTable(titles, rows, width);
}

function peopleTable({ people }: Policy, width: Width): string {
  const rows = people.map(({ user, sub, groups, teams }) => [
    user,
    sub,
    groups.join(', '),
    teams.join(', '),
  ]);
  return renderTable(['person', 'id', 'groups', 'teams'], rows, width);
}

/** What holds, then what a deployment would change. */
export function viewPolicy(policy: Policy, width: Width): string {
  const { digest, since, approvalId, deployedDigest, isCurrent, next, changes, quorums } = policy;
  const head = renderFields(
    [
      ['in force', digest ?? 'what is deployed (none is recorded yet)'],
      ['since', since],
      ['approval', approvalId],
      ['deployed', isCurrent ? 'the same' : deployedDigest],
      ['next', next ? `${next.digest} from ${next.since}, by ${next.approvalId}` : null],
      ...Object.entries(quorums).map(([name, quorum]) => ['quorum', `${name}: ${quorum}`] as const),
      ...changes.map((change) => ['would change', change] as const),
    ],
    width,
  );
  return [head, rulesTable(policy, width), peopleTable(policy, width)].join('\n\n');
}
