// SPDX-License-Identifier: Apache-2.0
// Port of the place where evidence is kept so that nobody can change it.

export interface EvidenceStore {
  /** Stores a document under a name; the same name again with the same content is no error. */
  store(name: string, document: string): Promise<void>;
}

export interface EvidenceReader {
  /** @throws KeyturnError `DependencyUnavailable` when it cannot be read */
  read(name: string): Promise<string>;
}
