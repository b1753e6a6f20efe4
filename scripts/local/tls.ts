// SPDX-License-Identifier: Apache-2.0
// The certificates of the local stack: an authority made for one directory, and one server certificate from it.
// The authority's key lives in memory only and is gone after signing, so nothing else can ever be signed by what
// the clients of this stack trust.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Layout } from './layout.ts';
import { writePrivate } from './private-file.ts';

const DAY_MILLISECONDS = 86_400_000;
/** Below the 825 days above which some clients refuse a server certificate. */
const LIFETIME_DAYS = 397;
const RENEW_BEFORE_DAYS = 30;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const NAMES = ['localhost', '*.execute-api.localhost', '*.s3.localhost'];
const ADDRESSES = ['127.0.0.1'];

/** Creates authority and server certificate unless valid ones are there. Returns whether they are new. */
export async function ensureCertificates(
  paths: Layout['tls'],
  now: Date = new Date(),
): Promise<boolean> {
  if (areUsable(paths, now)) return false;
  const authorityKeys = await generateKeys(false);
  const serverKeys = await generateKeys(true);
  const validity = {
    notBefore: new Date(now.getTime() - DAY_MILLISECONDS),
    notAfter: new Date(now.getTime() + LIFETIME_DAYS * DAY_MILLISECONDS),
  };
  const authority = await X509CertificateGenerator.createSelfSigned({
    // A name of its own: a process that trusts several authorities finds the issuer by it.
    name: `CN=Keyturn local stack ${randomBytes(4).toString('hex')}`,
    keys: authorityKeys,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const server = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        ...NAMES.map((value) => ({ type: 'dns' as const, value })),
        ...ADDRESSES.map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey);
  writePrivate(paths.key, pem('PRIVATE KEY', Buffer.from(pkcs8)));
  writePrivate(paths.certificate, `${server.toString('pem')}\n`);
  writePrivate(paths.ca, `${authority.toString('pem')}\n`);
  return true;
}

/** Makes this process trust an authority beside its usual ones, for `fetch` and the AWS SDK alike. */
export function trustAuthority(caFile: string): void {
  const authority = readFileSync(caFile, 'utf8');
  const trusted = getCACertificates('default');
  if (!trusted.includes(authority)) setDefaultCACertificates([...trusted, authority]);
}

function generateKeys(extractable: boolean) {
  return webcrypto.subtle.generateKey(ALGORITHM, extractable, ['sign', 'verify']);
}

function areUsable(paths: Layout['tls'], now: Date): boolean {
  if (![paths.ca, paths.certificate, paths.key].every((path) => existsSync(path))) return false;
  const { notAfter } = new X509Certificate(readFileSync(paths.certificate, 'utf8'));
  return notAfter.getTime() - now.getTime() > RENEW_BEFORE_DAYS * DAY_MILLISECONDS;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
