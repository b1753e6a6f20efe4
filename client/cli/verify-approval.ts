// SPDX-License-Identifier: Apache-2.0
// Verifies an exported approval on the auditor's machine, by public keys that the auditor has from elsewhere. The file
// of SSH keys is OpenSSH's own (`allowed_signers`, ssh-keygen(1)), so that `ssh-keygen -Y verify` takes the same one; that
// of passkeys is what `keyturn signer list --output json` prints.
import { readFileSync } from 'node:fs';
import {
  type ApprovalVerdict,
  type SignerKeys,
  verifyApproval,
} from '#core/approvals/verify-export.ts';
import { VOTE_NAMESPACE } from '#core/approvals/vote-statement.ts';
import { Approval } from '#core/contract/approvals.ts';
import { type Signer, SignerPage } from '#core/contract/signers.ts';
import { canonicalHash } from '#core/crypto/hashing.ts';
import { SshFormatError } from '#core/crypto/ssh-wire.ts';
import { publicKeyBlob, SSH_ED25519 } from '#core/crypto/sshsig.ts';
import { UsageError } from './failures.ts';

function textOf(path: string, next: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      next,
    );
  }
}

/** The one option that narrows nothing here; any other could, so it is not passed over. */
const OPTION = `namespaces="${VOTE_NAMESPACE}"`;
const FORM = `each line: immutable id, then "${SSH_ED25519} AAAA…"`;

function signerOn(line: string, where: string): { names: readonly string[]; key: string } {
  const [principals = '', ...words] = line.split(/[ \t]+/);
  const [type, base64] = words[0] === OPTION ? words.slice(1) : words;
  const key = `${type} ${base64}`;
  try {
    publicKeyBlob(key);
  } catch (error) {
    if (!(error instanceof SshFormatError)) throw error;
    throw new UsageError(`${where} is not understood: ${error.message}`, FORM);
  }
  if (/[*?!]/.test(principals))
    throw new UsageError(`${where} has a pattern for a name; one key is one person's`, FORM);
  return { names: principals.split(','), key };
}

/** Reads a file of `allowed_signers`. @throws UsageError naming the line that is not understood */
export function readSigners(path: string): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, string[]>();
  const lines = textOf(path, `the public keys of voters; ${FORM}`).split(/\r?\n/);
  for (const [at, line] of lines.entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const { names, key } = signerOn(text, `${path}, line ${at + 1},`);
    for (const name of names) keys.set(name, [...(keys.get(name) ?? []), key]);
  }
  return keys;
}

/**
 * Reads passkeys by immutable id; those that were removed prove nothing any more.
 * @throws UsageError when the file holds none
 */
export function readPasskeys(path: string): ReadonlyMap<string, readonly Signer[]> {
  const next = 'keyturn signer list --output json > passkeys.json';
  const page = SignerPage.safeParse(parsed(textOf(path, next)));
  if (!page.success)
    throw new UsageError(
      `${path} holds no passkeys: ${page.error.issues[0]?.path.join('.')}`,
      next,
    );
  if (page.data.nextCursor !== null)
    throw new UsageError(`${path} is one page of several`, `${next}, with --limit 500`);
  const passkeys = new Map<string, Signer[]>();
  for (const one of page.data.items)
    if (one.removedAt === null)
      passkeys.set(one.person, [...(passkeys.get(one.person) ?? []), one]);
  return passkeys;
}

export interface SignerFiles {
  readonly signers?: string;
  readonly passkeys?: string;
  /** Origins of the pages on which passkeys may have been used. */
  readonly origin?: readonly string[];
}

/** What voters sign with, from the files that the auditor has. @throws UsageError naming what is missing or wrong */
export function readSignerFiles({ signers, passkeys, origin = [] }: SignerFiles): SignerKeys {
  if (signers === undefined && passkeys === undefined)
    throw new UsageError(
      'name the public keys of voters: --signers FILE, --passkeys FILE or both',
      'keyturn approval verify approval.json --signers allowed_signers',
    );
  if (passkeys !== undefined && origin.length === 0)
    throw new UsageError(
      'a passkey proves something of the page that asked: name the origin of the pages too',
      'keyturn approval verify approval.json --passkeys FILE --origin https://keyturn.example.com',
    );
  const sshKeys = signers === undefined ? new Map<string, string[]>() : readSigners(signers);
  const others = passkeys === undefined ? new Map<string, Signer[]>() : readPasskeys(passkeys);
  const people = [...new Set([...sshKeys.keys(), ...others.keys()])];
  return new Map(
    people.map((sub) => [
      sub,
      { sshKeys: sshKeys.get(sub) ?? [], passkeys: others.get(sub) ?? [], origins: origin },
    ]),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const broken = (finding: string): ApprovalVerdict => ({
  id: 'unknown',
  digest: '',
  approvedBy: [],
  required: 0,
  findings: [finding],
});

/** @returns the verdict over the file's approval; a file that holds none is a finding too. @throws UsageError */
export function verifyApprovalFile(path: string, signers: SignerKeys): ApprovalVerdict {
  const value = parsed(textOf(path, 'keyturn approval show ID --output json > FILE'));
  const approval = Approval.safeParse(value);
  if (!approval.success)
    return broken(`the file holds no approval: ${approval.error.issues[0]?.path.join('.')}`);
  const verdict = verifyApproval(approval.data, signers);
  // What this version does not know, nobody looked at: it must not be covered by a digest that seems right.
  const whole = canonicalHash(Reflect.get(Object(value), 'canonical'));
  if (whole === verdict.digest) return verdict;
  const findings = ['the canonical request has members that are not known here'];
  return { ...verdict, findings: [...findings, ...verdict.findings] };
}
