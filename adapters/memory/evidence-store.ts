// SPDX-License-Identifier: Apache-2.0
// Evidence in memory: a name is written once, as under an object lock.
import { KeyturnError } from '#core/errors.ts';
import type { EvidenceReader, EvidenceStore } from '#core/ports/evidence-store.ts';

export class MemoryEvidenceStore implements EvidenceStore, EvidenceReader {
  readonly documents = new Map<string, string>();

  async store(name: string, document: string): Promise<void> {
    if (!this.documents.has(name)) this.documents.set(name, document);
  }

  async read(name: string): Promise<string> {
    const document = this.documents.get(name);
    if (document !== undefined) return document;
    throw new KeyturnError('DependencyUnavailable', 'the evidence could not be read; try again');
  }
}
