// SPDX-License-Identifier: Apache-2.0
// SoftHSM writes a token's `token.object` anew at each login, and empties it first (Token::loginUser, ObjectFile::store): a
// process that is killed in between leaves a token without label and PINs, and its keys are lost. What the file says stays
// the same from the first login on, so a copy of then mends it.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { folderOf, TOKEN_FILE } from './token-folders.ts';

/** Copies by the names of the tokens' folders, beside these. */
export class TokenCopies {
  readonly #tokens: string;
  readonly #copies: string;

  /** @param folder of the HSM */
  constructor(folder: string) {
    this.#tokens = join(folder, 'tokens');
    this.#copies = join(folder, 'token-copies');
    mkdirSync(this.#copies, { recursive: true, mode: 0o700 });
  }

  /** Copies the file of a token that was opened, once. */
  keep(label: string): void {
    const folder = folderOf(this.#tokens, label);
    if (folder === undefined) return;
    const copy = join(this.#copies, basename(folder));
    if (!existsSync(copy)) place(join(folder, TOKEN_FILE), copy);
  }

  /** Puts back what a killed process left incomplete. SoftHSM must not be loaded. */
  mend(): void {
    for (const name of readdirSync(this.#copies)) {
      const copy = join(this.#copies, name);
      const folder = join(this.#tokens, name);
      if (existsSync(folder)) restore(join(folder, TOKEN_FILE), copy);
      else rmSync(copy);
    }
  }
}

function restore(file: string, copy: string): void {
  const isWhole = existsSync(file) && statSync(file).size === statSync(copy).size;
  if (!isWhole) place(copy, file);
}

/** The copy appears all at once. */
function place(source: string, target: string): void {
  copyFileSync(source, `${target}.partial`);
  renameSync(`${target}.partial`, target);
}
