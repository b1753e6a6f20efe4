// SPDX-License-Identifier: Apache-2.0
// Signatures of the real ssh-keygen hold here and nothing that differs from one by a bit does.
import { describe, expect, it } from 'vitest';
import { isSameKey, sshSignatureFault } from '#core/crypto/sshsig.ts';
import { sshKey, sshSign } from '#test/support/ssh.ts';

const MESSAGE = Buffer.from('{"type":"keyturn-vote/1"}');
const NAMESPACE = 'keyturn-vote';
const mine = sshKey();
const others = sshKey();
const signature = sshSign(mine, NAMESPACE, MESSAGE);
const faultOf = (armored: string, keys = [others.line, mine.line]) =>
  sshSignatureFault(armored, MESSAGE, NAMESPACE, keys);

function armor(blob: Uint8Array): string {
  const base64 = Buffer.from(blob).toString('base64');
  return `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`;
}

const blob = Buffer.from(signature.split('\n').slice(1, -2).join(''), 'base64');

describe('a signature of ssh-keygen', () => {
  it.each(['sha512', 'sha256'])('holds with %s', (hash) => {
    const made = sshSign(mine, NAMESPACE, MESSAGE, ['-O', `hashalg=${hash}`]);

    expect(faultOf(made)).toBeNull();
    expect(faultOf(made, [`${mine.line} with a comment`])).toBeNull();
  });

  it('holds for its message, its namespace and its key alone', () => {
    const other = Buffer.from('{"type":"keyturn-vote/2"}');
    expect(sshSignatureFault(signature, other, NAMESPACE, [mine.line])).toContain('does not fit');
    expect(sshSignatureFault(signature, MESSAGE, 'file', [mine.line])).toContain('not made for');
    expect(faultOf(sshSign(mine, 'file', MESSAGE))).toContain('not made for');
    expect(faultOf(signature, [others.line])).toContain('not registered');
    expect(faultOf(signature, [])).toContain('not registered');
    expect(faultOf(signature, ['ssh-ed25519 ????', 'ssh-rsa AAAA', ''])).toContain(
      'not registered',
    );
  });

  it('of another algorithm does not hold', () => {
    const ecdsa = sshKey({ type: 'ecdsa' });

    expect(faultOf(sshSign(ecdsa, NAMESPACE, MESSAGE), [ecdsa.line])).toContain('Ed25519');
  });

  it('does not hold with any bit turned, byte lost, or byte more', () => {
    expect(faultOf(armor(blob))).toBeNull();
    for (let at = 0; at < blob.length; at += 1) {
      for (const bit of [0, 3, 7]) {
        const bent = Buffer.from(blob);
        bent[at] = (bent[at] ?? 0) ^ (1 << bit);
        expect(faultOf(armor(bent)), `byte ${at}`).not.toBeNull();
      }
      expect(faultOf(armor(blob.subarray(0, at))), `cut at ${at}`).not.toBeNull();
    }
    expect(faultOf(armor(Buffer.concat([blob, Buffer.from([0])])))).toContain('bytes follow');
  });

  it.each([
    ['nothing', ''],
    ['text before', `hello\n${signature}`],
    ['text behind', `${signature}hello\n`],
    ['two of them', signature + signature],
    ['other base64', signature.replace(/=*\n-----END/, '\n\n-----END').replace(/\n/, '\n ')],
    ['no content', '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n'],
  ])('has one form: %s', (_, text) => {
    expect(faultOf(text)).not.toBeNull();
  });
});

describe('lines of public keys', () => {
  it('name one key whatever their comments', () => {
    expect(isSameKey(`${mine.line} one`, `${mine.line} other`)).toBe(true);
    expect(isSameKey(mine.line, others.line)).toBe(false);
    expect(isSameKey('', '')).toBe(false);
  });
});
