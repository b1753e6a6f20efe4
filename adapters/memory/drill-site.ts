// SPDX-License-Identifier: Apache-2.0
// Clusters of drills in memory: what was asked for is there when time is told to pass. As CloudHSM does, it takes a backup
// when an HSM ends, and refuses to end a cluster that has one.
import { KeyturnError } from '#core/errors.ts';
import type { DrillBackup, DrillCluster, DrillSite } from '#core/ports/drill-site.ts';
import type { Backup } from '#core/ports/recovery-site.ts';

interface Made extends DrillCluster {
  readonly tag: string;
}

export class MemoryDrillSite implements DrillSite {
  #clusters: Made[] = [];
  #backups: (DrillBackup & { readonly clusterId: string })[] = [];
  #made = 0;
  newest: Backup | null = {
    id: 'backup-newest22222',
    clusterId: 'cluster-source',
    at: '2026-01-01T03:00:00.000Z',
  };
  /** Calls that change something, in order. */
  readonly asked: string[] = [];
  /** What the next call that changes something answers; after it, the call is done all the same when `isLost`. */
  refusal: { readonly error: KeyturnError; readonly isLost: boolean } | null = null;

  async newestBackup(): Promise<Backup | null> {
    return this.newest;
  }

  async clustersOf(tag: string): Promise<readonly DrillCluster[]> {
    return this.#clusters.filter((one) => one.tag === tag).map(({ tag: _tag, ...shown }) => shown);
  }

  async createCluster(backupId: string, tag: string): Promise<void> {
    this.#change(`create-cluster ${backupId}`, () => {
      this.#made += 1;
      const id = `cluster-drill${this.#made}`;
      this.#clusters.push({ id, tag, state: 'CREATE_IN_PROGRESS', hsms: [] });
    });
  }

  async createHsm(clusterId: string): Promise<void> {
    this.#change(`create-hsm ${clusterId}`, () => {
      this.#made += 1;
      const hsm = { id: `hsm-drill${this.#made}`, state: 'CREATE_IN_PROGRESS' };
      this.#turn(clusterId, (one) => ({ ...one, hsms: [...one.hsms, hsm] }));
    });
  }

  async deleteHsm(clusterId: string, hsmId: string): Promise<void> {
    this.#change(`delete-hsm ${clusterId}`, () => {
      const ending = (hsm: { id: string; state: string }) =>
        hsm.id === hsmId ? { ...hsm, state: 'DELETE_IN_PROGRESS' } : hsm;
      this.#turn(clusterId, (one) => ({ ...one, hsms: one.hsms.map(ending) }));
      const id = `backup-of-${hsmId}`;
      this.#backups.push({ id, clusterId, state: 'CREATE_IN_PROGRESS' });
    });
  }

  async deleteCluster(clusterId: string): Promise<void> {
    this.#change(`delete-cluster ${clusterId}`, () => {
      if (this.#clusters.some(({ id, hsms }) => id === clusterId && hsms.length > 0))
        throw new KeyturnError('KeyStoreUnavailable', 'CloudHSM refused (it has HSMs)');
      this.#turn(clusterId, (one) => ({ ...one, state: 'DELETE_IN_PROGRESS' }));
    });
  }

  async backupsOf(clusterIds: readonly string[]): Promise<readonly DrillBackup[]> {
    return this.#backups.filter(({ clusterId }) => clusterIds.includes(clusterId));
  }

  async deleteBackup(backupId: string): Promise<void> {
    this.#change(`delete-backup ${backupId}`, () => {
      this.#backups = this.#backups.map((one) =>
        one.id === backupId ? { ...one, state: 'PENDING_DELETION' } : one,
      );
    });
  }

  /** What was being made works, and what was ending is gone. */
  settle(): void {
    this.#clusters = this.#clusters
      .filter(({ state }) => state !== 'DELETE_IN_PROGRESS')
      .map((one) => ({
        ...one,
        state:
          one.hsms.length > 0 ? 'ACTIVE' : one.state.replace('CREATE_IN_PROGRESS', 'UNINITIALIZED'),
        hsms: one.hsms
          .filter(({ state }) => state !== 'DELETE_IN_PROGRESS')
          .map((hsm) => ({ ...hsm, state: 'ACTIVE' })),
      }));
    this.#backups = this.#backups.map((one) =>
      one.state === 'CREATE_IN_PROGRESS' ? { ...one, state: 'READY' } : one,
    );
  }

  /** Clusters that are there, and backups that are kept. */
  get leftovers(): readonly string[] {
    const kept = this.#backups.filter(({ state }) => state !== 'PENDING_DELETION');
    return [...this.#clusters, ...kept].map(({ id }) => id);
  }

  #turn(clusterId: string, change: (one: Made) => Made): void {
    this.#clusters = this.#clusters.map((one) => (one.id === clusterId ? change(one) : one));
  }

  #change(what: string, change: () => void): void {
    this.asked.push(what);
    const { refusal } = this;
    this.refusal = null;
    if (refusal && !refusal.isLost) throw refusal.error;
    change();
    if (refusal) throw refusal.error;
  }
}
