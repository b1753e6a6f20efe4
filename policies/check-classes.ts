// SPDX-License-Identifier: Apache-2.0
// Refuses to deploy classes that cannot be kept with the waits of a stage. The synth calls it.
import { ClassPolicy } from '#core/policies/classes.ts';
import { periodFault, type StageWaits } from '#core/policies/feasibility.ts';
import { CLASSES } from './classes.ts';

function faultsOf(policy: ClassPolicy, waits: StageWaits): string[] {
  const parsed = ClassPolicy.safeParse(policy);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const fault = periodFault(policy, waits);
  return fault ? [fault] : [];
}

/** @throws Error with every class that a stage with these waits cannot keep, and the arithmetic */
export function checkClasses(waits: StageWaits, classes: readonly ClassPolicy[] = CLASSES): void {
  const faults = classes.flatMap((policy) =>
    faultsOf(policy, waits).map((fault) => `class ${policy.name}: ${fault}`),
  );
  if (faults.length > 0) throw new Error(`InfeasiblePolicy: ${faults.join('\n')}`);
}
