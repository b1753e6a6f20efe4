// SPDX-License-Identifier: Apache-2.0
// Members of the grant operations, what makes a grant valid for a key, and how grants are listed.
import type { ContextEntries } from '../authorization/request-context.ts';
import { epochSeconds } from '../clock.ts';
import { AwsError } from '../protocol/errors.ts';
import { list, oneOf, text, textMap } from '../protocol/members.ts';
import type { Call } from '../protocol/operation.ts';
import { type InputOf, optional, required, structure } from '../protocol/shape.ts';
import { keyArn } from '../settings.ts';
import type { GrantConstraints, GrantRecord } from '../store/grants.ts';
import type { KeyRecord } from '../store/key-row.ts';
import { commonMembers, keyIdText } from './crypto-request.ts';

/** AWS's quota of grants on one key. */
export const GRANTS_PER_KEY = 50_000;
const PAIRS_LIMIT = 8;
const PAIR_CHARACTERS = 384;

const SYMMETRIC_ONLY = ['GenerateDataKey', 'GenerateDataKeyWithoutPlaintext'] as const;
const PAIR_OPERATIONS = ['GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext'] as const;
const CIPHER_OPERATIONS = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo'] as const;
const ANY_KEY = ['CreateGrant', 'RetireGrant', 'DescribeKey'];

const grantOperation = oneOf([
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'RetireGrant',
  'DescribeKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
  'Encapsulate',
  'Decapsulate',
]);

/** An ARN of a principal, or the name of a service. */
export const principalText = text(1, 256, { pattern: /^[\w+=,.@:/-]+$/ });

/** The name of a service, such as `backup.amazonaws.com`. */
export const servicePrincipalText = text(1, 128, {
  pattern: /^([A-Za-z0-9-]+)\.([A-Za-z0-9-]+)(\.[A-Za-z0-9-]+)+$/,
});

const SOURCE_ARN = /^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$/;

/** A grant's identifier. */
export const grantIdText = text(1, 128);

/** Members of CreateGrant. */
export const newGrantMembers = {
  KeyId: required(keyIdText),
  GranteePrincipal: optional(principalText),
  RetiringPrincipal: optional(principalText),
  GranteeServicePrincipal: optional(servicePrincipalText),
  RetiringServicePrincipal: optional(servicePrincipalText),
  Operations: required(list(grantOperation)),
  Constraints: optional(
    structure({
      EncryptionContextSubset: optional(textMap),
      EncryptionContextEquals: optional(textMap),
      SourceArn: optional(text(20, 512, { pattern: SOURCE_ARN })),
    }),
  ),
  Name: optional(text(1, 256, { pattern: /^[a-zA-Z0-9:/_-]+$/ })),
  ...commonMembers,
};

type NewGrant = InputOf<typeof newGrantMembers>;

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

const PRINCIPAL =
  /^arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)\/.+)|sts::\d{12}:(assumed-role\/[^/]+\/[^/]+|federated-user\/.+))$/;

/** @throws AwsError InvalidArnException unless this is the ARN of a principal */
export function requirePrincipalArn(principal: string): void {
  if (PRINCIPAL.test(principal)) return;
  throw new AwsError('InvalidArnException', `The principal ${principal} is not a valid ARN.`);
}

/** Who may use the grant, and who may retire it: an ARN or the name of a service each. */
export interface GrantParties {
  readonly grantee: string;
  readonly retiring: string | undefined;
}

/**
 * A grant to a service is good for calls on behalf of one resource, which none is here: it is kept and shown, and
 * allows nothing. @throws AwsError ValidationException, InvalidArnException
 */
export function partiesOf(input: NewGrant): GrantParties {
  const { GranteePrincipal, GranteeServicePrincipal } = input;
  const { RetiringPrincipal, RetiringServicePrincipal } = input;
  const grantee = GranteePrincipal ?? GranteeServicePrincipal;
  if (grantee === undefined || (GranteePrincipal && GranteeServicePrincipal)) {
    throw invalid('Specify either GranteePrincipal or GranteeServicePrincipal.');
  }
  if (RetiringPrincipal !== undefined && RetiringServicePrincipal !== undefined) {
    throw invalid('Specify either RetiringPrincipal or RetiringServicePrincipal, not both.');
  }
  const retiring = RetiringPrincipal ?? RetiringServicePrincipal;
  if (GranteeServicePrincipal !== undefined) {
    if (input.Constraints?.SourceArn === undefined || retiring === undefined) {
      throw invalid(
        'A grant to a service principal needs a SourceArn constraint and a retiring principal.',
      );
    }
  }
  if (GranteePrincipal !== undefined) requirePrincipalArn(GranteePrincipal);
  if (RetiringPrincipal !== undefined) requirePrincipalArn(RetiringPrincipal);
  return { grantee, retiring };
}

const isService = (principal: string) => !principal.startsWith('arn:');

function partyEntry(name: 'Grantee' | 'Retiring', principal: string | undefined) {
  if (principal === undefined) return {};
  return { [isService(principal) ? `${name}ServicePrincipal` : `${name}Principal`]: principal };
}

function operationsOf(key: KeyRecord): ReadonlySet<string> {
  const asymmetric = key.keySpec === 'SYMMETRIC_DEFAULT' ? [] : ['GetPublicKey'];
  const byUsage: Readonly<Record<string, readonly string[]>> = {
    ENCRYPT_DECRYPT: CIPHER_OPERATIONS,
    SIGN_VERIFY: ['Sign', 'Verify'],
    GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
    KEY_AGREEMENT: ['DeriveSharedSecret'],
  };
  const symmetric =
    key.keySpec === 'SYMMETRIC_DEFAULT' ? [...SYMMETRIC_ONLY, ...PAIR_OPERATIONS] : [];
  const isMac = key.keySpec.startsWith('HMAC');
  return new Set([
    ...ANY_KEY,
    ...(byUsage[key.keyUsage] ?? []),
    ...symmetric,
    ...(isMac ? [] : asymmetric),
  ]);
}

/** @throws AwsError ValidationException unless the key can do all that the grant would allow */
export function requireOperationsOfKey(key: KeyRecord, operations: readonly string[]): void {
  if (operations.length === 0) throw invalid('Operations must not be empty.');
  const possible = operationsOf(key);
  const wrong = operations.filter((operation) => !possible.has(operation));
  if (wrong.length === 0) return;
  throw invalid(
    `Grant operations [${wrong.join(', ')}] are not valid for key usage ${key.keyUsage} and key spec ${key.keySpec}.`,
  );
}

function pairsOf(pairs: ReadonlyMap<string, string>): Record<string, string> {
  if (pairs.size > PAIRS_LIMIT) {
    throw invalid(`A grant constraint has at most ${PAIRS_LIMIT} encryption context pairs.`);
  }
  for (const [name, value] of pairs) {
    if (name.length + value.length > PAIR_CHARACTERS) {
      throw invalid(`A grant constraint's pair has at most ${PAIR_CHARACTERS} characters.`);
    }
  }
  const sorted = [...pairs].sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted);
}

/** The constraints of a new grant. @throws AwsError ValidationException */
export function constraintsOf(key: KeyRecord, input: NewGrant): GrantConstraints {
  const equals = input.Constraints?.EncryptionContextEquals;
  const subset = input.Constraints?.EncryptionContextSubset;
  const sourceArn = input.Constraints?.SourceArn;
  if ((equals !== undefined || subset !== undefined) && key.keySpec !== 'SYMMETRIC_DEFAULT') {
    throw invalid('Encryption context constraints are valid for symmetric encryption keys only.');
  }
  return {
    ...(equals === undefined ? {} : { equals: pairsOf(equals) }),
    ...(subset === undefined ? {} : { subset: pairsOf(subset) }),
    ...(sourceArn === undefined ? {} : { sourceArn }),
  };
}

/** What conditions may ask about a grant: on making it, and whether a service made the call. */
export function grantEntries(call: Call, constraints: GrantConstraints, input: NewGrant) {
  const { equals, subset } = constraints;
  const pairs = Object.entries({ ...subset, ...equals });
  const types = [
    ...(equals === undefined ? [] : ['EncryptionContextEquals']),
    ...(subset === undefined ? [] : ['EncryptionContextSubset']),
  ];
  const entries: ContextEntries = {
    ...Object.fromEntries(pairs.map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
    ...(pairs.length === 0 ? {} : { 'kms:EncryptionContextKeys': pairs.map(([name]) => name) }),
    ...(types.length === 0 ? {} : { 'kms:GrantConstraintType': types }),
    'kms:GranteePrincipal': input.GranteePrincipal,
    'kms:RetiringPrincipal': input.RetiringPrincipal,
    'kms:GrantOperations': input.Operations,
    ...fromService(call),
  };
  return entries;
}

/** `kms:GrantIsForAWSResource`: an AWS service calls on someone's behalf. */
export function fromService(call: Call): ContextEntries {
  return { 'kms:GrantIsForAWSResource': call.caller.viaService !== undefined };
}

/** A grant as the lists show it. */
export function grantEntry(call: Call, grant: GrantRecord) {
  const { equals, subset, sourceArn } = grant.constraints;
  const constraints = {
    ...(equals === undefined ? {} : { EncryptionContextEquals: equals }),
    ...(subset === undefined ? {} : { EncryptionContextSubset: subset }),
    ...(sourceArn === undefined ? {} : { SourceArn: sourceArn }),
  };
  return {
    KeyId: keyArn(call.emulator.place, grant.keyId),
    GrantId: grant.grantId,
    ...(grant.name === undefined ? {} : { Name: grant.name }),
    CreationDate: epochSeconds(grant.createdAt),
    ...partyEntry('Grantee', grant.grantee),
    ...partyEntry('Retiring', grant.retiring),
    IssuingAccount: grant.issuer,
    Operations: grant.operations,
    ...(Object.keys(constraints).length === 0 ? {} : { Constraints: constraints }),
  };
}
