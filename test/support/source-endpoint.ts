// SPDX-License-Identifier: Apache-2.0
// A small endpoint of a source of kind `webhook`, as the owner of data would write it (`docs/reencryption.md`): it
// verifies the signature, lists items in the order of their ids, and writes one only while its etag is the known one.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CompactVerifyGetKey, compactVerify } from 'jose';
import type { SourceRequest } from '#core/contract/source-protocol.ts';

export interface StoredRow {
  readonly ciphertexts: readonly string[];
  readonly context: Readonly<Record<string, string>>;
  readonly revision: number;
}

/** Stable, so that an item keeps its shard. */
function shardOf(id: string, shards: number): number {
  return (
    [...id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 65_521, 0) % shards
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

const encoded = (text: string) => Buffer.from(text).toString('base64url');

export class SourceEndpoint {
  readonly rows = new Map<string, StoredRow>();
  /** Calls that carried no valid signature of Keyturn's. */
  refused = 0;
  /** Called before an item is written, as an application that writes at the same moment. */
  beforeReplace: (id: string) => void = () => {};
  readonly #verifyKey: CompactVerifyGetKey;
  readonly #now: () => number;
  readonly #seen = new Set<string>();
  #server: Server | null = null;
  #url = '';

  /** @param verifyKey the published keys (`GET /v1/jwks.json`), as jose's `createLocalJWKSet` gives them */
  constructor(verifyKey: CompactVerifyGetKey, nowSeconds: () => number) {
    this.#verifyKey = verifyKey;
    this.#now = nowSeconds;
  }

  get url(): string {
    return this.#url;
  }

  async listen(): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keyturn`;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Writes an item, as the application does. */
  put(id: string, ciphertexts: readonly Uint8Array[], context: Record<string, string> = {}): void {
    const revision = (this.rows.get(id)?.revision ?? 0) + 1;
    const texts = ciphertexts.map((one) => Buffer.from(one).toString('base64'));
    this.rows.set(id, { ciphertexts: texts, context, revision });
  }

  async #isFromKeyturn(request: IncomingMessage, body: string): Promise<boolean> {
    const signature = String(request.headers['keyturn-signature']);
    try {
      const whole = signature.replace('..', `.${encoded(body)}.`);
      const { protectedHeader } = await compactVerify(whole, this.#verifyKey);
      const { typ, aud, iat, jti } = protectedHeader as Record<string, unknown>;
      const isFresh = Math.abs(this.#now() - Number(iat)) <= 300 && !this.#seen.has(String(jti));
      this.#seen.add(String(jti));
      return typ === 'keyturn-source' && aud === this.#url && isFresh;
    } catch {
      return false;
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (!(await this.#isFromKeyturn(request, body))) {
      this.refused += 1;
      response.writeHead(401).end();
      return;
    }
    const asked: SourceRequest = JSON.parse(body);
    if (asked.action === 'count') response.end(JSON.stringify({ items: this.rows.size }));
    else if (asked.action === 'list') response.end(JSON.stringify(this.#list(asked)));
    else response.writeHead(this.#replace(asked)).end();
  }

  #list({ shard, shards, cursor, limit }: SourceRequest & { action: 'list' }) {
    const ids = [...this.rows.keys()]
      .sort()
      .filter((id) => shardOf(id, shards) === shard && (cursor === null || id > cursor));
    const page = ids.slice(0, limit);
    const items = page.map((id) => {
      const { ciphertexts, context, revision } = this.rows.get(id) as StoredRow;
      const parts = ciphertexts.map((ciphertext) => ({ ciphertext, context }));
      return { id, etag: String(revision), parts };
    });
    return { items, cursor: ids.length > limit ? page.at(-1) : null };
  }

  #replace({ id, etag, ciphertexts }: SourceRequest & { action: 'replace' }): number {
    this.beforeReplace(id);
    const row = this.rows.get(id);
    if (!row) return 404;
    if (String(row.revision) !== etag) return 409;
    const next = row.ciphertexts.map((old, index) => ciphertexts[index] ?? old);
    this.rows.set(id, { ...row, ciphertexts: next, revision: row.revision + 1 });
    return 204;
  }
}
