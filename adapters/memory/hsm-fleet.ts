// SPDX-License-Identifier: Apache-2.0
// HSMs of clusters in memory: made and ended at once when time is told to pass, refused or lost when a test wants it.
import type { KeyturnError } from '#core/errors.ts';
import type { FleetView, HsmFleet, HsmView } from '#core/ports/hsm-fleet.ts';
import type { Clock } from '#core/ports/platform.ts';

export class MemoryHsmFleet implements HsmFleet {
  readonly #clock: Clock;
  #hsms: HsmView[] = [
    { id: 'hsm-aaaaaaaaaa2', zone: 'us-east-1a', state: 'ACTIVE' },
    { id: 'hsm-bbbbbbbbbb2', zone: 'us-east-1b', state: 'ACTIVE' },
  ];
  #made = 0;
  hsmType = 'hsm2m.medium';
  newestBackupAt: string | null;
  /** What CloudHSM answers to the next call that changes something; null: it does it. */
  refusal: KeyturnError | null = null;
  readonly asked: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.newestBackupAt = clock.now();
  }

  async view(clusterId: string): Promise<FleetView> {
    const { hsmType, newestBackupAt } = this;
    const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
    const hsms = [...this.#hsms];
    return { clusterId, hsmType, hsms, zones, backupRetentionDays: 90, newestBackupAt };
  }

  async addHsm(_clusterId: string, zone: string): Promise<void> {
    this.asked.push(`add ${zone}`);
    this.#maybeRefuse();
    this.#made += 1;
    this.#hsms.push({ id: `hsm-newnewnew2${this.#made}`, zone, state: 'CREATE_IN_PROGRESS' });
  }

  async deleteHsm(_clusterId: string, hsmId: string): Promise<void> {
    this.asked.push(`delete ${hsmId}`);
    this.#maybeRefuse();
    this.turn(hsmId, 'DELETE_IN_PROGRESS');
    this.newestBackupAt = this.#clock.now();
  }

  /** Changes what CloudHSM shows of an HSM. */
  turn(hsmId: string, state: string): void {
    this.#hsms = this.#hsms.map((hsm) => (hsm.id === hsmId ? { ...hsm, state } : hsm));
  }

  /** What was being made works, and what was ending is gone. */
  settle(): void {
    this.#hsms = this.#hsms
      .filter(({ state }) => state !== 'DELETE_IN_PROGRESS')
      .map((hsm) => (hsm.state === 'CREATE_IN_PROGRESS' ? { ...hsm, state: 'ACTIVE' } : hsm));
  }

  get ids(): readonly string[] {
    return this.#hsms.map(({ id }) => id);
  }

  #maybeRefuse(): void {
    const { refusal } = this;
    this.refusal = null;
    if (refusal) throw refusal;
  }
}
