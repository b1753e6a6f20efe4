// SPDX-License-Identifier: Apache-2.0
// Who may contain keys alone, how, and how many in an hour. The first rule that names the class decides; what no rule
// names needs a quorum. `policies/containment-rules.ts` holds the rules.
import type { Containment } from '../keys/records.ts';

type ContainmentKind = Containment['kind'];
type ContainmentMode = Containment['mode'];

export interface ContainmentRule {
  readonly name: string;
  /** Classes that it is for; absent: all. */
  readonly classes?: readonly string[];
  /** What one person, who may do it at all, does without others. In an emergency either is done first. */
  readonly alone: readonly ContainmentKind[];
  readonly modes: Readonly<Record<ContainmentKind, ContainmentMode>>;
  /** Keys of the class that people contain alone in one clock hour; beyond it a quorum decides (threat T16). */
  readonly maxPerHour: number;
}

export interface ContainmentRules {
  readonly rules: readonly ContainmentRule[];
  /** Names of keys that Keyturn or its operators need to act at all: nobody contains them. */
  readonly protectedKeys: readonly string[];
}

const NOBODY_ALONE: ContainmentRule = {
  name: 'no-rule-names-the-class',
  alone: [],
  modes: { suspension: 'hard', revocation: 'hard' },
  maxPerHour: 0,
};

/** The rule for keys of a class. */
export function containmentRuleFor(
  { rules }: ContainmentRules,
  className: string,
): ContainmentRule {
  const isFor = ({ classes }: ContainmentRule) => classes?.includes(className) ?? true;
  return rules.find(isFor) ?? NOBODY_ALONE;
}
