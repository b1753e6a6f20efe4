// SPDX-License-Identifier: Apache-2.0
// The HSM behind the emulator: a SoftHSM instance of its own under the data folder, with one token per
// CloudHSM cluster (label = cluster id) and one for the region's own KMS fleet (`kms-domain`).
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Pkcs11Failure } from '#adapters/pkcs11/errors.ts';
import { Pkcs11Module } from '#adapters/pkcs11/module.ts';
import { ensureSoftHsm, writeSoftHsmConfig } from '#adapters/pkcs11/softhsm.ts';
import type { KeyHandle, Token } from '#adapters/pkcs11/token.ts';
import { PinFiles } from './pins.ts';

const DOMAIN_TOKEN = 'kms-domain';
// Where SoftHSM is unpacked when the system has none: kept beside the repository's other local state.
const INSTALL_FOLDER = join(import.meta.dirname, '..', '..', '.local');
const DOMAIN_KEY_ID = Buffer.from('domain-key');

/** The domain key and its token: what standard-store keys are wrapped under. */
export interface Domain {
  readonly token: Token;
  readonly key: KeyHandle;
}

/** Where there must be material, because keys rest on it. */
export interface KeptMaterial {
  /** There are keys of the standard store. */
  readonly inDomain: boolean;
  /** Clusters with keys. */
  readonly clusterIds: readonly string[];
}

const NOTHING_KEPT: KeptMaterial = { inDomain: false, clusterIds: [] };
const CURE = 'restore the folder from a backup, or start with another --data folder';

/** An open HSM. */
export class Hsm {
  readonly domain: Domain;
  readonly #module: Pkcs11Module;
  readonly #pins: PinFiles;

  readonly #folder: string;
  readonly #clusters = new Map<string, Token>();

  private constructor(module: Pkcs11Module, folder: string, pins: PinFiles, domain: Domain) {
    this.#module = module;
    this.#folder = folder;
    this.#pins = pins;
    this.domain = domain;
  }

  /**
   * Loads SoftHSM (installing it when absent) and opens or makes the domain.
   * @throws Error when what `kept` relies on is not there: new tokens in its place would open none of its keys
   */
  static async open(dataFolder: string, kept: KeptMaterial = NOTHING_KEPT): Promise<Hsm> {
    const { modulePath } = await ensureSoftHsm(INSTALL_FOLDER);
    const folder = join(dataFolder, 'hsm');
    const softHsmConfigPath = writeSoftHsmConfig(folder);
    const module = new Pkcs11Module({ modulePath, softHsmConfigPath });
    const pins = new PinFiles(dataFolder);
    try {
      requireTokens(module, folder, kept);
      const token = openOrMake(module, pins, DOMAIN_TOKEN);
      const [found] = token.findSecretKeys(DOMAIN_KEY_ID);
      if (found === undefined && kept.inDomain) {
        throw new Error(`the token ${DOMAIN_TOKEN} in ${folder} has lost its domain key; ${CURE}`);
      }
      const placement = { label: 'domain key', id: DOMAIN_KEY_ID };
      const key = found ?? (await token.generateTokenKey(placement, 'wrap'));
      return new Hsm(module, folder, pins, { token, key });
    } catch (error) {
      module.close();
      throw error;
    }
  }

  /** The token of a cluster, made at the first call. */
  clusterToken(clusterId: string): Token {
    const open = this.#clusters.get(clusterId);
    if (open !== undefined) return open;
    const token = openOrMake(this.#module, this.#pins, clusterId);
    this.#clusters.set(clusterId, token);
    return token;
  }

  /** Copies a cluster's token as it is now; tokens are complete on disk after every call. */
  copyToken(clusterId: string, target: string): void {
    // SoftHSM names a token's folder by a UUID whose last 16 digits are the serial number.
    const serial = this.#module.serialNumber(clusterId);
    const tokens = join(this.#folder, 'tokens');
    const name = readdirSync(tokens).find(
      (folder) => serial !== undefined && folder.replaceAll('-', '').endsWith(serial),
    );
    if (name === undefined) throw new Error(`the token of ${clusterId} is not on disk`);
    cpSync(join(tokens, name), join(target, name), { recursive: true });
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
    this.#module.close();
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

function openOrMake(module: Pkcs11Module, pins: PinFiles, label: string): Token {
  const { securityOfficerPin, userPin } = pins.of(label);
  if (!module.tokenLabels().includes(label)) {
    module.initialiseToken({ label, securityOfficerPin, userPin });
  }
  try {
    return module.openToken(label, userPin);
  } catch (error) {
    const code = error instanceof Pkcs11Failure ? error.code : String(error);
    const why = code === 'CKR_PIN_LOCKED' ? 'is locked' : `cannot be opened (${code})`;
    throw new Error(`the token ${label} ${why}; its PINs are those of pins/${label}.json`, {
      cause: error,
    });
  }
}
