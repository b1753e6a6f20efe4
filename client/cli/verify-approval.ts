// SPDX-License-Identifier: Apache-2.0
// Verifies an exported approval on the auditor's machine, by public keys that the auditor has from elsewhere. The file
// of keys is OpenSSH's own (`allowed_signers`, ssh-keygen(1)), so that `ssh-keygen -Y verify` takes the same one.
import { readFileSync } from 'node:fs';
import { type ApprovalVerdict, verifyApproval } from '#core/approvals/verify-export.ts';
import { VOTE_NAMESPACE } from '#core/approvals/vote-statement.ts';
import { Approval } from '#core/contract/approvals.ts';
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
export function verifyApprovalFile(
  path: string,
  signers: ReadonlyMap<string, readonly string[]>,
): ApprovalVerdict {
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
