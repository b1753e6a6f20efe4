// SPDX-License-Identifier: Apache-2.0
// Ports of provisioning: sealing task tokens, resuming the workflow, and creating the key store on a cluster.

/** Keeps bearer tokens unreadable at rest; the context binds a sealed token to its task. */
export interface TokenSeal {
  seal(token: string, task: string): Promise<string>;
  open(sealed: string, task: string): Promise<string>;
}

export interface TaskCallback {
  /** Resumes the waiting state; a token that is closed or timed out is not an error: the row keeps the answer. */
  succeed(token: string, output: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface KeyStoreCreator {
  /** Creates the key store on an active cluster, or finds the one made by an earlier try. */
  createKeyStore(name: string, clusterId: string, trustAnchor: string): Promise<string>;
}
