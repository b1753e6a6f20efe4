// SPDX-License-Identifier: Apache-2.0
// Act `signer.enroll`: from then on somebody's votes are signed by a passkey. They ask for themselves, so that they are
// never among those who decide, and the digest binds person and public key.

import { sha256Hex } from '../../crypto/hashing.ts';
import { passkeyPublicKey, type RelyingParty, WebauthnFormatError } from '../../crypto/webauthn.ts';
import { KeyturnError } from '../../errors.ts';
import { mutatePasskeys } from '../../operations/passkeys.ts';
import type { Elector } from '../../policies/approval-rules.ts';
import type { Electorate } from '../../ports/approvals.ts';
import type { PasskeyRecord, Passkeys } from '../../ports/passkeys.ts';
import type { Clock } from '../../ports/platform.ts';
import type { Act, ActRequest } from '../act.ts';
import type { ApprovalParameters } from '../records.ts';

export interface EnrollActDeps {
  readonly passkeys: Passkeys;
  readonly electorate: Electorate;
  readonly clock: Clock;
  /** Null: the stage takes no passkeys. */
  readonly passkeySite: RelyingParty | null;
}

/** Of one person, in use at a time. */
const MOST_EACH = 5;
/** Of the public key's hash: enough to compare by eye, as the short digest of a request. */
const SHOWN_DIGITS = 12;

type Wanted = Pick<
  PasskeyRecord,
  'label' | 'credentialId' | 'publicKey' | 'rpId' | 'signCount' | 'transports'
> & { readonly person: Elector };

const refused = (text: string) => new KeyturnError('TransitionForbidden', text);

/** What is asked for, as the request states it. */
export function enrollParameters(
  person: string,
  wanted: Omit<Wanted, 'person'>,
): ApprovalParameters {
  return { ...wanted, person, transports: wanted.transports.join(',') };
}

export function noPasskeysHere(): KeyturnError {
  return new KeyturnError(
    'NotServedHere',
    'this stage takes no passkeys: its deployment names no domain for them (setting passkeys); sign with an SSH key',
  );
}

/** @throws KeyturnError `NotServedHere` where none are taken, `TransitionForbidden` for strangers and odd keys */
async function wantedOf(
  { electorate, passkeySite }: EnrollActDeps,
  { parameters }: Pick<ActRequest, 'parameters'>,
): Promise<Wanted> {
  if (!passkeySite) throw noPasskeysHere();
  const { person: sub, rpId, signCount, transports } = parameters;
  if (rpId !== passkeySite.rpId) throw refused('the passkey was made for another domain');
  const person = (await electorate.people()).find((one) => one.sub === sub);
  if (!person) throw refused('only people of the directory sign votes');
  const publicKey = String(parameters['publicKey']);
  try {
    passkeyPublicKey(publicKey);
  } catch (error) {
    if (error instanceof WebauthnFormatError) throw refused(error.message);
    throw error;
  }
  return {
    person,
    publicKey,
    credentialId: String(parameters['credentialId']),
    label: String(parameters['label']),
    rpId: passkeySite.rpId,
    signCount: Number(signCount),
    transports: String(transports).split(',').filter(Boolean),
  };
}

/** One key is one person's, for good: a removed one does not come back either. @throws KeyturnError `TransitionForbidden` */
function requireNew(items: readonly PasskeyRecord[], { person, credentialId, publicKey }: Wanted) {
  const same = items.some(
    (one) => one.credentialId === credentialId || one.publicKey === publicKey,
  );
  if (same) throw refused('this passkey was let in before; make a new one');
  const own = items.filter((one) => one.sub === person.sub && one.removedAt === null);
  if (own.length >= MOST_EACH)
    throw refused(`${person.user} has ${MOST_EACH} passkeys; "signer remove" makes room`);
}

/** Nothing of what others have: other passkeys do not make this request stale. */
function basisOf({ person, ...passkey }: Wanted) {
  return { ...passkey, person: person.sub, groups: [...person.groups].sort() };
}

/** The passkey that a request lets in: the same id however often it is tried. */
export function signerIdOf(approvalId: string): string {
  return approvalId.replace(/^apr_/, 'pky_');
}

export const enrollSigner: Act<EnrollActDeps> = {
  action: 'signer.enroll',

  async describe(deps, request) {
    const wanted = await wantedOf(deps, request);
    requireNew((await deps.passkeys.readPasskeys())?.items ?? [], wanted);
    const { person, label, publicKey } = wanted;
    const hash = sha256Hex(Buffer.from(publicKey, 'base64url')).slice(0, SHOWN_DIGITS);
    return {
      ...request,
      what: `Let ${person.user} sign votes with the passkey "${label}" (public key ${hash})`,
      class: 'signer',
      environment: null,
      blast: {
        consumers: 0,
        topOwners: [],
        lastUse: null,
        unreadable: null,
        undo: 'signer remove, at any time',
        irreversible: false,
      },
      basis: basisOf(wanted),
    };
  },

  async execute(deps, approval, consume) {
    const wanted = await wantedOf(deps, approval);
    return mutatePasskeys(deps, async (items, now) => {
      requireNew(items, wanted);
      const { person, ...passkey } = wanted;
      const enrolled: PasskeyRecord = {
        ...passkey,
        id: signerIdOf(approval.id),
        sub: person.sub,
        user: person.user,
        approvalId: approval.id,
        enrolledAt: now,
        lastUsedAt: null,
        removedAt: null,
        removedBy: null,
      };
      const draft = { items: [...items, enrolled], approval: consume(basisOf(wanted), null) };
      return { draft, result: [] };
    });
  },
};
