// SPDX-License-Identifier: Apache-2.0
// CloudHSM and the connection of one key store in memory, for recoveries: what is made is there at the next look.
import type { Backup, ClusterView, Connection, RecoverySite } from '#core/ports/recovery-site.ts';

interface MemoryCluster {
  state: string;
  hsms: { zone: string; state: string }[];
}

export class MemoryRecoverySite implements RecoverySite {
  readonly clusters = new Map<string, MemoryCluster>();
  readonly made: string[] = [];
  backups: Backup[] = [];
  link: { state: string; error: string | null; clusterId: string } = {
    state: 'FAILED',
    error: 'CLUSTER_NOT_FOUND',
    clusterId: 'cluster-source',
  };
  /** What the next connections come to, one after another; then they succeed. */
  readonly failures: string[] = [];
  #lastOperation = '';

  async backupsOf(clusterIds: readonly string[]): Promise<readonly Backup[]> {
    const known = this.backups.filter(({ clusterId }) => clusterIds.includes(clusterId));
    return known.sort((a, b) => (a.at < b.at ? 1 : -1));
  }

  async cluster(id: string): Promise<ClusterView | null> {
    const found = this.clusters.get(id);
    if (!found) return null;
    const view = structuredClone(found);
    if (found.state === 'CREATE_IN_PROGRESS') found.state = 'UNINITIALIZED';
    else if (found.hsms.length > 0) found.state = 'ACTIVE';
    for (const hsm of found.hsms) hsm.state = 'ACTIVE';
    return view;
  }

  async clusterOf(operationId: string): Promise<string | null> {
    return operationId === this.#lastOperation ? (this.made.at(-1) ?? null) : null;
  }

  async createCluster(_backupId: string, operationId: string): Promise<string> {
    const id = `cluster-${this.made.length + 1}`;
    this.#lastOperation = operationId;
    this.made.push(id);
    this.clusters.set(id, { state: 'CREATE_IN_PROGRESS', hsms: [] });
    return id;
  }

  async createHsm(clusterId: string, zone: string): Promise<void> {
    this.clusters.get(clusterId)?.hsms.push({ zone, state: 'CREATE_IN_PROGRESS' });
  }

  loseHsm(clusterId: string, zone: string): void {
    const found = this.clusters.get(clusterId);
    if (found) found.hsms = found.hsms.filter((hsm) => hsm.zone !== zone);
  }

  async connection(): Promise<Connection> {
    const now = { ...this.link };
    if (now.state === 'DISCONNECTING') this.link = { ...now, state: 'DISCONNECTED', error: null };
    if (now.state === 'CONNECTING') {
      const error = this.failures.shift() ?? null;
      this.link = { ...now, error, state: error === null ? 'CONNECTED' : 'FAILED' };
    }
    return now;
  }

  async disconnect(): Promise<void> {
    this.link = { ...this.link, state: 'DISCONNECTING' };
  }

  async connect(): Promise<void> {
    this.link = { ...this.link, state: 'CONNECTING' };
  }

  async repoint(_keyStoreId: string, clusterId: string): Promise<void> {
    if (this.link.state !== 'DISCONNECTED') throw new Error('the key store is not disconnected');
    this.link = { ...this.link, clusterId };
  }
}
