// SPDX-License-Identifier: Apache-2.0
// PINs of the tokens: random, one file per token, readable by the owner only. They stand for what an HSM
// appliance keeps inside; whoever can read the data folder can open its tokens.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Pins = z.object({ securityOfficerPin: z.string(), userPin: z.string() });

/** PINs of one token. */
export type TokenPins = z.infer<typeof Pins>;

function readPins(path: string): TokenPins {
  try {
    return Pins.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`${path} does not hold a token's PINs; restore it from a backup`, { cause });
  }
}

/** The folder of PIN files. */
export class PinFiles {
  readonly #folder: string;

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'pins');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** The PINs of a token, made at the first call. */
  of(label: string): TokenPins {
    const path = join(this.#folder, `${label}.json`);
    if (existsSync(path)) return readPins(path);
    const pins = {
      securityOfficerPin: randomBytes(16).toString('hex'),
      userPin: randomBytes(16).toString('hex'),
    };
    this.put(label, pins);
    return pins;
  }

  /** Sets the PINs of a token that comes with its own. */
  put(label: string, pins: TokenPins): void {
    const path = join(this.#folder, `${label}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(pins), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Forgets the PINs of a token that is gone. */
  remove(label: string): void {
    rmSync(join(this.#folder, `${label}.json`), { force: true });
  }
}
