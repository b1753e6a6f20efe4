// SPDX-License-Identifier: Apache-2.0
// What the HSM itself does without any server: the same calls through PKCS#11 in this process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, seal } from '#adapters/pkcs11/aes-gcm.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm, writeSoftHsmConfig } from '#adapters/pkcs11/softhsm.ts';

const PIN = 'bench-pin';
const AAD = Buffer.alloc(32, 1);

/** Calls a second of the token alone. */
export interface RawRates {
  encrypt(sizeBytes: number): number;
  decrypt(sizeBytes: number): number;
  /** A data key: random bytes, sealed under a key. */
  dataKey(sizeBytes: number): number;
  generateTokenKey(): Promise<number>;
  close(): void;
}

function rate(seconds: number, call: () => void): number {
  const began = performance.now();
  let calls = 0;
  for (; performance.now() - began < seconds * 1000; calls += 1) call();
  return (calls * 1000) / (performance.now() - began);
}

/** Opens a token of its own. */
export async function openRawHsm(seconds: number): Promise<RawRates> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-bench-'));
  const { modulePath } = await ensureSoftHsm(join(import.meta.dirname, '..', '.local'));
  const module = new Pkcs11Module({ modulePath, softHsmConfigPath: writeSoftHsmConfig(folder) });
  module.initialiseToken({ label: 'bench', securityOfficerPin: PIN, userPin: PIN });
  const token = module.openToken('bench', PIN);
  const make = (index: number) =>
    token.generateTokenKey({ label: `key ${index}`, id: Buffer.from(`key ${index}`) }, 'encrypt');
  const key = await make(0);
  return {
    encrypt: (sizeBytes) => {
      const plaintext = Buffer.alloc(sizeBytes, 7);
      return rate(seconds, () => seal(token, key, plaintext, AAD));
    },
    decrypt: (sizeBytes) => {
      const sealed = seal(token, key, Buffer.alloc(sizeBytes, 7), AAD);
      return rate(seconds, () => open(token, key, sealed, AAD));
    },
    dataKey: (sizeBytes) => rate(seconds, () => seal(token, key, token.random(sizeBytes), AAD)),
    generateTokenKey: async () => {
      const began = performance.now();
      let made = 0;
      for (; performance.now() - began < seconds * 1000; made += 1) await make(made + 1);
      return (made * 1000) / (performance.now() - began);
    },
    close: () => {
      module.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
