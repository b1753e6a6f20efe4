// SPDX-License-Identifier: Apache-2.0
// Act `elevation.grant`: somebody has the rights of a group for a while. They ask for themselves, so that they are never
// among those who decide; and nobody is elevated into a group whose members decide, so that votes cannot be borrowed.
import { KeyturnError } from '../../errors.ts';
import type { Instant } from '../../keys/records.ts';
import { later } from '../../operations/admit-operation.ts';
import { activeOf, mutateElevations } from '../../operations/elevations.ts';
import type { ApprovalRule, Elector } from '../../policies/approval-rules.ts';
import type { Electorate } from '../../ports/approvals.ts';
import type { ElevationRecord, Elevations } from '../../ports/elevations.ts';
import type { Clock } from '../../ports/platform.ts';
import type { Act, ActRequest } from '../act.ts';

export interface ElevationActDeps {
  readonly elevations: Elevations;
  readonly electorate: Electorate;
  readonly clock: Clock;
  /** Groups that have rights at all (`policies/roles.ts`). */
  readonly roleGroups: readonly string[];
}

interface Wanted {
  readonly person: Elector;
  readonly group: string;
  readonly seconds: number;
}

const refused = (text: string) => new KeyturnError('TransitionForbidden', text);

/** Whether members of a group vote by any rule. */
function votes(rules: readonly ApprovalRule[], group: string): boolean {
  return rules.some(({ groups }) => groups.some((one) => one.group === group));
}

/** @throws KeyturnError `NotServedHere` for a group nobody is elevated into, `TransitionForbidden` for who needs none */
async function wantedOf(
  { electorate, roleGroups }: ElevationActDeps,
  { parameters }: Pick<ActRequest, 'parameters'>,
): Promise<Wanted> {
  const { person: sub, group, seconds } = parameters;
  const person = (await electorate.people()).find((one) => one.sub === sub);
  if (!person) throw refused('only people of the directory are given rights');
  const name = String(group);
  if (!roleGroups.includes(name))
    throw new KeyturnError('NotServedHere', 'no rule gives that group any rights');
  if (votes(await electorate.rules(), name))
    throw new KeyturnError(
      'NotServedHere',
      `members of ${name} decide on requests: nobody is one of them for a while`,
    );
  if (person.groups.includes(name)) throw refused(`${person.user} is in ${name} already`);
  return { person, group: name, seconds: Number(seconds) };
}

function requireNone(items: readonly ElevationRecord[], { person, group }: Wanted, now: Instant) {
  const held = activeOf(items, person.sub, now).find((one) => one.group === group);
  if (!held) return;
  throw refused(`${person.user} has the rights of ${group} until ${held.until} (${held.id})`);
}

/** Who they are now, and nothing of what others have: other elevations do not make this request stale. */
function basisOf({ person, group, seconds }: Wanted) {
  return { person: person.sub, groups: [...person.groups].sort(), group, seconds };
}

/** The elevation that a request grants: the same id however often it is tried. */
export function elevationIdOf(approvalId: string): string {
  return approvalId.replace(/^apr_/, 'elv_');
}

export const grantElevation: Act<ElevationActDeps> = {
  action: 'elevation.grant',

  async describe(deps, request) {
    const wanted = await wantedOf(deps, request);
    const { person, group, seconds } = wanted;
    requireNone((await deps.elevations.readElevations())?.items ?? [], wanted, deps.clock.now());
    return {
      ...request,
      what: `Give ${person.user} the rights of ${group} for ${inWords(seconds)}`,
      class: 'elevation',
      environment: null,
      blast: {
        consumers: 0,
        topOwners: [],
        lastUse: null,
        unreadable: null,
        undo: 'elevation revoke, at any time; it ends by itself',
        irreversible: false,
      },
      basis: basisOf(wanted),
    };
  },

  async execute(deps, approval, consume) {
    const wanted = await wantedOf(deps, approval);
    return mutateElevations(deps, async (items, now) => {
      requireNone(items, wanted, now);
      const granted: ElevationRecord = {
        id: elevationIdOf(approval.id),
        sub: wanted.person.sub,
        user: wanted.person.user,
        group: wanted.group,
        reason: approval.reason,
        approvalId: approval.id,
        grantedAt: now,
        until: later(now, wanted.seconds),
        revokedAt: null,
        revokedBy: null,
      };
      const draft = { items: [...items, granted], approval: consume(basisOf(wanted), null) };
      return { draft, result: [] };
    });
  },
};

function inWords(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
