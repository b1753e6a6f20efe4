// SPDX-License-Identifier: Apache-2.0
// Principals known by access key: the account root's own pair, and those a file declares, so that somebody
// without a gateway can act as roles, users and other accounts.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Caller, rootOf } from '../authorization/principal.ts';
import { callerOf, declaredMembers } from './declared-caller.ts';

/** An access key with its secret and the principal it stands for. */
export interface Credential {
  readonly secret: string;
  /** Temporary credentials have one, and calls must bring it. */
  readonly sessionToken: string | undefined;
  /** Epoch milliseconds; undefined: never. */
  readonly expiresAt: number | undefined;
  readonly caller: Caller;
}

/** Credentials by access key id. */
export type Principals = ReadonlyMap<string, Credential>;

const ARN =
  /^arn:aws[a-z-]*:(?:iam::(\d{12}):(?:root|user\/.+|role\/(?:.+\/)?([^/]+))|sts::(\d{12}):assumed-role\/[^/]+\/[^/]+)$/;

const Declared = z.strictObject({
  accessKeyId: z.string().regex(/^[\w-]{1,128}$/),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  principalArn: z.string().regex(ARN, 'must be the ARN of a root, user, role or assumed role'),
  identityPolicies: z.array(z.unknown()).default([]),
  ...declaredMembers,
});

const PrincipalsFile = z.strictObject({ principals: z.array(Declared) });

/** A role acts as a session of its own, named after the access key. */
function whoIs(declared: z.output<typeof Declared>) {
  const { principalArn, accessKeyId } = declared;
  const [, iamAccount, role, stsAccount] = ARN.exec(principalArn) ?? [];
  const account = iamAccount ?? stsAccount ?? '';
  if (role === undefined) return { account, principalArn, isRoot: principalArn.endsWith(':root') };
  const session = principalArn.replace(/:iam::.*$/, `:sts::${account}:assumed-role/${role}`);
  return {
    account,
    principalArn: `${session}/${accessKeyId}`,
    roleArn: principalArn,
    isRoot: false,
  };
}

function credentialOf(declared: z.output<typeof Declared>): Credential {
  return {
    secret: declared.secretAccessKey,
    sessionToken: declared.sessionToken,
    expiresAt: declared.expiresAt === undefined ? undefined : Date.parse(declared.expiresAt),
    caller: callerOf({ ...declared, ...whoIs(declared) }),
  };
}

/** Only the account root, as `test` with the secret `test`. */
export function rootAlone(account: string): Principals {
  const caller = rootOf(account);
  return new Map([
    ['test', { secret: 'test', sessionToken: undefined, expiresAt: undefined, caller }],
  ]);
}

/** The principals of a file. @throws Error that says what is wrong with the file */
export function readPrincipals(path: string): Principals {
  try {
    const { principals } = PrincipalsFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    return new Map(principals.map((item) => [item.accessKeyId, credentialOf(item)]));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`the principals in ${path} cannot be used: ${why}`);
  }
}
