// SPDX-License-Identifier: Apache-2.0
// The HSM behind the emulator: a SoftHSM instance of its own under the data folder, with one token per
// CloudHSM cluster (label = cluster id) and one for the region's own KMS fleet (`kms-domain`).
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Pkcs11Failure } from '#adapters/pkcs11/errors.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm, writeSoftHsmConfig } from '#adapters/pkcs11/softhsm.ts';
import type { KeyHandle, Token } from '#adapters/pkcs11/token.ts';
import { CallGate } from './call-gate.ts';
import { PinFiles } from './pins.ts';
import { TokenCopies } from './token-copies.ts';
import { copyAs, folderOf } from './token-folders.ts';

const DOMAIN_TOKEN = 'kms-domain';
// Where SoftHSM is unpacked when the system has none: kept beside the repository's other local state.
const INSTALL_FOLDER = join(import.meta.dirname, '..', '..', '.local');
const DOMAIN_KEY_ID = Buffer.from('domain-key');

/** The domain's token, and a session copy of its key: what standard-store keys are wrapped under. */
export interface Domain {
  readonly token: Token;
  readonly key: KeyHandle;
}

const BackupContent = z.object({
  securityOfficerPin: z.string(),
  userPin: z.string(),
  objects: z.int(),
});

/** Where there must be material, because keys rest on it. */
export interface KeptMaterial {
  /** There are keys of the standard store. */
  readonly inDomain: boolean;
  /** Clusters with keys. */
  readonly clusterIds: readonly string[];
}

const NOTHING_KEPT: KeptMaterial = { inDomain: false, clusterIds: [] };
const CURE = 'restore the folder from a backup, or start with another --data folder';

/** What tokens are opened with. */
interface Parts {
  readonly module: Pkcs11Module;
  readonly pins: PinFiles;
  readonly copies: TokenCopies;
}

/** An open HSM. */
export class Hsm {
  /** Whom the HSM serves side by side, and who needs it alone. */
  readonly gate = new CallGate();
  readonly #parts: Parts;
  readonly #tokens: string;
  readonly #listeners: (() => void)[] = [];
  readonly #clusters = new Map<string, Token>();
  #domain: Domain;

  private constructor(parts: Parts, folder: string, domain: Domain) {
    this.#parts = parts;
    this.#tokens = join(folder, 'tokens');
    this.#domain = domain;
  }

  /** The domain as it is since the last reload. */
  get domain(): Domain {
    return this.#domain;
  }

  /**
   * Loads SoftHSM (installing it when absent) and opens or makes the domain.
   * @throws Error when what `kept` relies on is not there: new tokens in its place would open none of its keys
   */
  static async open(dataFolder: string, kept: KeptMaterial = NOTHING_KEPT): Promise<Hsm> {
    const { modulePath } = await ensureSoftHsm(INSTALL_FOLDER);
    const folder = join(dataFolder, 'hsm');
    const softHsmConfigPath = writeSoftHsmConfig(folder);
    const copies = new TokenCopies(folder);
    copies.mend();
    const module = new Pkcs11Module({ modulePath, softHsmConfigPath });
    const pins = new PinFiles(dataFolder);
    try {
      requireTokens(module, folder, kept);
      const token = openOrMake({ module, pins, copies }, DOMAIN_TOKEN);
      const [found] = token.findSecretKeys(DOMAIN_KEY_ID);
      if (found === undefined && kept.inDomain) {
        throw new Error(`the token ${DOMAIN_TOKEN} in ${folder} has lost its domain key; ${CURE}`);
      }
      const placement = { label: 'domain key', id: DOMAIN_KEY_ID };
      const key = found ?? (await token.generateTokenKey(placement, 'wrap'));
      return new Hsm({ module, pins, copies }, folder, { token, key: token.copyToSession(key) });
    } catch (error) {
      module.close();
      throw error;
    }
  }

  /** The token of a cluster, made at the first call. */
  clusterToken(clusterId: string): Token {
    const open = this.#clusters.get(clusterId);
    if (open !== undefined) return open;
    const token = openOrMake(this.#parts, clusterId);
    this.#clusters.set(clusterId, token);
    return token;
  }

  /** Copies a cluster's token with its PINs into a folder, which appears all at once. Nothing may be running. */
  backUp(clusterId: string, target: string): void {
    const objects = this.clusterToken(clusterId).findSecretKeys().length;
    const source = folderOf(this.#tokens, clusterId);
    if (source === undefined) throw new Error(`the token of ${clusterId} is not on disk`);
    const partial = `${target}.partial`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(source, join(partial, 'token'), { recursive: true });
    const content = { ...this.#parts.pins.of(clusterId), objects };
    writeFileSync(join(partial, 'content.json'), JSON.stringify(content), { mode: 0o600 });
    renameSync(partial, target);
  }

  /**
   * Makes a cluster's token of a backup and opens it. Nothing may be running: the module is loaded again and
   * every handle is void. @throws Error when the token does not open or has not the objects it had
   */
  restore(source: string, clusterId: string): void {
    const { objects, ...pins } = BackupContent.parse(
      JSON.parse(readFileSync(join(source, 'content.json'), 'utf8')),
    );
    this.#parts.pins.put(clusterId, pins);
    const folder = copyAs(join(source, 'token'), this.#tokens, clusterId);
    try {
      this.#reload();
      const found = this.clusterToken(clusterId).findSecretKeys().length;
      if (found !== objects) throw new Error(`${clusterId}: ${found} objects, not ${objects}`);
    } catch (error) {
      rmSync(folder, { recursive: true });
      this.#parts.pins.remove(clusterId);
      this.#clusters.delete(clusterId);
      this.#reload();
      throw error;
    }
  }

  /** Tells when every handle became void. */
  onReload(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #reload(): void {
    this.#parts.module.reload();
    const { token } = this.#domain;
    const [key] = token.findSecretKeys(DOMAIN_KEY_ID);
    if (key === undefined) throw new Error('the domain key is not in its token');
    this.#domain = { token, key: token.copyToSession(key) };
    for (const listener of this.#listeners) listener();
  }

  /** Destroys every key object of a cluster's token. */
  emptyToken(clusterId: string): void {
    const token = this.clusterToken(clusterId);
    for (const handle of token.findSecretKeys()) token.destroy(handle);
  }

  /** Random bytes of the fleet. */
  random(sizeBytes: number): Buffer {
    return this.domain.token.random(sizeBytes);
  }

  /** Closes tokens and module. */
  close(): void {
    this.#parts.module.close();
  }
}

function requireTokens(module: Pkcs11Module, folder: string, kept: KeptMaterial): void {
  const labels = module.tokenLabels();
  const wanted = [...(kept.inDomain ? [DOMAIN_TOKEN] : []), ...kept.clusterIds];
  const missing = wanted.filter((label) => !labels.includes(label));
  if (missing.length === 0) return;
  throw new Error(
    `the HSM in ${folder} has no readable token ${missing.join(', ')}, on which keys rest; ${CURE}`,
  );
}

function openOrMake({ module, pins, copies }: Parts, label: string): Token {
  const { securityOfficerPin, userPin } = pins.of(label);
  if (!module.tokenLabels().includes(label)) {
    module.initialiseToken({ label, securityOfficerPin, userPin });
  }
  try {
    const token = module.openToken(label, userPin);
    copies.keep(label);
    return token;
  } catch (error) {
    const code = error instanceof Pkcs11Failure ? error.code : String(error);
    const why = code === 'CKR_PIN_LOCKED' ? 'is locked' : `cannot be opened (${code})`;
    throw new Error(`the token ${label} ${why}; its PINs are those of pins/${label}.json`, {
      cause: error,
    });
  }
}
