// SPDX-License-Identifier: Apache-2.0
// What the HSM itself does without any server: the same calls through PKCS#11 in this process.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { open, seal } from '#adapters/pkcs11/aes-gcm.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm, writeSoftHsmConfig } from '#adapters/pkcs11/softhsm.ts';
import { newFolder } from './folder.ts';
import { load, type Slice } from './load.ts';
import type { Contestant } from './slices.ts';

const PIN = 'bench-pin';
const AAD = Buffer.alloc(32, 1);

/** Calls to the token alone; each method but the last two answers a call to be repeated. */
export interface RawHsm {
  encrypt(sizeBytes: number): () => void;
  decrypt(sizeBytes: number): () => void;
  /** A data key: random bytes, sealed under a key. */
  dataKey(sizeBytes: number): () => void;
  contestant(call: () => void): Contestant;
  /** Makes token keys, as many at once as there are clients. */
  generateTokenKeys(clients: number, seconds: number): Promise<Slice>;
  close(): void;
}

async function repeat(seconds: number, call: () => void): Promise<Slice> {
  const times: number[] = [];
  const began = performance.now();
  for (let now = began; now - began < seconds * 1000; ) {
    call();
    const ended = performance.now();
    times.push(ended - now);
    now = ended;
  }
  return { calls: times.length, perSecond: times.length / seconds, times };
}

/** Opens a token of its own. */
export async function openRawHsm(): Promise<RawHsm> {
  const folder = newFolder();
  const { modulePath } = await ensureSoftHsm(join(import.meta.dirname, '..', '.local'));
  const module = new Pkcs11Module({ modulePath, softHsmConfigPath: writeSoftHsmConfig(folder) });
  module.initialiseToken({ label: 'bench', securityOfficerPin: PIN, userPin: PIN });
  const token = module.openToken('bench', PIN);
  const make = (index: number) =>
    token.generateTokenKey({ label: `key ${index}`, id: Buffer.from(`key ${index}`) }, 'encrypt');
  const key = await make(0);
  let made = 0;
  return {
    encrypt: (sizeBytes) => {
      const plaintext = Buffer.alloc(sizeBytes, 7);
      return () => seal(token, key, plaintext, AAD);
    },
    decrypt: (sizeBytes) => {
      const sealed = seal(token, key, Buffer.alloc(sizeBytes, 7), AAD);
      return () => open(token, key, sealed, AAD);
    },
    dataKey: (sizeBytes) => () => seal(token, key, token.random(sizeBytes), AAD),
    contestant: (call) => ({ slice: (seconds) => repeat(seconds, call) }),
    generateTokenKeys: (clients, seconds) =>
      load(clients, { seconds }, () => {
        made += 1;
        return make(made);
      }),
    close: () => {
      module.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
