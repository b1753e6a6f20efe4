// SPDX-License-Identifier: Apache-2.0
// Roles of an account in memory, and which of them have the policy of the mass brake.
import type { RoleFault } from '#core/contract/vocabulary.ts';
import type { RoleBrake } from '#core/ports/brakes.ts';

const nameOf = (arn: string) => (arn.split('/').at(-1) ?? '').toLowerCase();

export class MemoryRoleBrake implements RoleBrake {
  /** Names of roles that exist. */
  readonly roles = new Set<string>();
  /** Names of roles that have the policy. */
  readonly attached = new Set<string>();
  /** What is answered for a role of the name, in place of doing it. */
  readonly faults = new Map<string, RoleFault>();
  /** What was asked for, in order: `apply NAME` and `lift NAME`. */
  readonly calls: string[] = [];

  async braked(): Promise<ReadonlySet<string>> {
    return new Set(this.attached);
  }

  async apply(role: string): Promise<RoleFault | null> {
    const fault = this.#asked('apply', role);
    if (fault === null) this.attached.add(nameOf(role));
    return fault;
  }

  async lift(role: string): Promise<RoleFault | null> {
    const fault = this.#asked('lift', role);
    if (fault === 'RoleNotFound') return null;
    if (fault === null) this.attached.delete(nameOf(role));
    return fault;
  }

  #asked(call: 'apply' | 'lift', role: string): RoleFault | null {
    const name = nameOf(role);
    this.calls.push(`${call} ${name}`);
    return this.faults.get(name) ?? (this.roles.has(name) ? null : 'RoleNotFound');
  }
}
