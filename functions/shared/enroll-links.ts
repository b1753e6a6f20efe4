// SPDX-License-Identifier: Apache-2.0
// One-time links to the page on which a passkey is registered. Who signed in gets one for themselves; what it opens is
// that one page, for that one person, for a quarter of an hour, and for one request.
import { csrfToken, isCsrfToken, isLinkSecret, keepNewLink } from '#adapters/mail/link-token.ts';
import { systemRandom } from '#adapters/system/system.ts';
import type { EnrollPageAnswer, EnrollPageRequest, SignerLink } from '#core/contract/signers.ts';
import { sha256 } from '#core/crypto/hashing.ts';
import { isError, KeyturnError } from '#core/errors.ts';
import { idempotencyClaim, later } from '#core/operations/admit-operation.ts';
import { isActivePasskey } from '#core/operations/passkeys.ts';
import type { MailLinks } from '#core/ports/mail-links.ts';
import type { Authorizer, Decision, Principal } from '#core/ports/platform.ts';
import { askToEnroll, type EnrolDeps, enrolmentOf } from './signer-registration.ts';

/** Time to find the authenticator. */
const LINK_SECONDS = 900;

type Registering = Extract<EnrollPageRequest, { do: 'register' }>;

interface Opened {
  readonly id: string;
  readonly person: Principal;
}

/** One refusal for every link that opens nothing, so that nobody learns which ones there are. */
function notValid(): KeyturnError {
  return new KeyturnError(
    'LinkNotValid',
    'this link opens nothing: it is not whole, or its time is over; "keyturn signer enroll" makes another',
  );
}

export interface EnrollLinksDeps extends EnrolDeps {
  readonly links: MailLinks;
  readonly access: Authorizer;
}

export class EnrollLinks {
  readonly #deps: EnrollLinksDeps;

  constructor(deps: EnrollLinksDeps) {
    this.#deps = deps;
  }

  /** A new link of a person. @throws KeyturnError `NotServedHere`, `NotEligible` */
  async make(person: Principal): Promise<SignerLink> {
    const { links, clock } = this.#deps;
    const { site } = enrolmentOf(this.#deps, person.id);
    if (person.kind !== 'person') throw new KeyturnError('NotEligible', 'only people sign votes');
    const expiresAt = later(clock.now(), LINK_SECONDS);
    const { id, secret } = await keepNewLink(
      { links, random: systemRandom },
      { approvalId: null, sub: person.id, expiresAt },
    );
    const path = `/v1/passkeys/${id}#${secret}`;
    return { path, expiresAt, rpId: site.rpId, origins: [...site.origins] };
  }

  /** What the page is answered. @throws KeyturnError `LinkNotValid`, `LinkUsed`, `PageTokenInvalid`, as `askToEnroll` */
  async answer(id: string, asked: EnrollPageRequest): Promise<EnrollPageAnswer> {
    const opened = await this.#open(id, asked.secret);
    return asked.do === 'show' ? this.#show(opened, asked.secret) : this.#register(opened, asked);
  }

  async #open(id: string, secret: string): Promise<Opened> {
    const { links, clock, electorate } = this.#deps;
    const link = /^[\w-]{22}$/.test(id) ? await links.find(id) : null;
    // A link of a mail opens its request, and nothing here.
    const isOpen = link !== null && link.approvalId === null && isLinkSecret(secret, link.hash);
    if (!isOpen || clock.now() >= link.expiresAt) throw notValid();
    const known = (await electorate.people()).find(({ sub }) => sub === link.sub);
    if (!known) throw notValid();
    const { sub, user: name, groups } = known;
    return { id, person: { id: sub, kind: 'person', name, groups } };
  }

  async #show(opened: Opened, secret: string): Promise<EnrollPageAnswer> {
    const { person } = opened;
    const { site, challenge } = enrolmentOf(this.#deps, person.id);
    const items = (await this.#deps.passkeys.readPasskeys())?.items ?? [];
    const own = items.filter((one) => one.sub === person.id && isActivePasskey(one));
    const { approvalId, digest } = subjectOf(opened);
    return {
      rpId: site.rpId,
      name: person.name ?? person.id,
      // Of 64 bytes at most, and nobody's name (Web Authentication Level 3, section 14.6.1).
      userId: Buffer.from(sha256(person.id)).toString('base64url'),
      challenge: Buffer.from(challenge).toString('base64url'),
      credentials: own.map(({ credentialId, transports }) => ({
        id: credentialId,
        transports: [...transports],
      })),
      csrf: csrfToken(secret, approvalId, digest),
    };
  }

  async #permit(person: Principal): Promise<Decision> {
    const decision = await this.#deps.access.authorize(person, 'signer:enroll', {});
    if (decision.effect === 'permit') return decision;
    throw new KeyturnError('AccessDenied', `${person.name} may not ask (${decision.rule})`);
  }

  async #register(opened: Opened, { secret, csrf, registration: body }: Registering) {
    if (!isCsrfToken(csrf, secret, subjectOf(opened)))
      throw new KeyturnError('PageTokenInvalid', 'open the link again, and use the page itself');
    const { id, person: by } = opened;
    const claim = idempotencyClaim(by.id, 'POST /v1/passkeys', id, body);
    try {
      const decision = await this.#permit(by);
      const asked = await askToEnroll(this.#deps, { by, decision, body, claim });
      const short = asked.digest.slice(0, 12);
      return {
        approvalId: asked.id,
        detail: `Two others decide whether it may sign your votes. The request is ${asked.id}, its digest ${short}.`,
      };
    } catch (error) {
      if (!isError(error, 'IdempotencyKeyReused')) throw error;
      throw new KeyturnError(
        'LinkUsed',
        'this link was used for a passkey already; "keyturn signer enroll" makes another',
      );
    }
  }
}

/** What the token against forged posts is about. */
const subjectOf = ({ id, person }: Opened) => ({ approvalId: `enroll/${id}`, digest: person.id });
