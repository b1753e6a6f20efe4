// SPDX-License-Identifier: Apache-2.0
// The page on which a person registers a passkey, behind a one-time link of theirs. It is the same for every link, shows
// nothing before the secret was posted, and lets nothing in: it opens a request that others decide on.
import { html } from './html.ts';
import { pageHeaders, pageOf } from './page-frame.ts';
import { SCRIPT_PARTS } from './script-parts.ts';

export const ENROLL_SCRIPT = `'use strict';
(() => {
${SCRIPT_PARTS}  const register = () => whileBusy(async () => {
    const label = element('label').value.trim();
    const shown = await ask({ do: 'show', secret });
    history.replaceState(null, '', location.pathname);
    say('Your browser asks for your passkey, for ' + shown.name + '.');
    const credential = await authenticator((all) => all.create({ publicKey: {
      challenge: bytesOf(shown.challenge), rp: { id: shown.rpId, name: 'Keyturn' },
      user: { id: bytesOf(shown.userId), name: shown.name, displayName: shown.name },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: known(shown.credentials), attestation: 'none', timeout: 300000,
      authenticatorSelection: { residentKey: 'discouraged', userVerification: 'required' },
    } }));
    const { response } = credential;
    const publicKey = response.getPublicKey();
    if (!publicKey) throw new Error('This passkey has a kind of key that is not taken: nothing was sent.');
    const answer = await ask({
      do: 'register', secret, csrf: shown.csrf,
      registration: {
        label, credentialId: textOf(credential.rawId), clientDataJSON: textOf(response.clientDataJSON),
        authenticatorData: textOf(response.getAuthenticatorData()), publicKey: textOf(publicKey),
        transports: response.getTransports(),
      },
    });
    element('begin').hidden = true;
    say(answer.detail);
  });
  onClick('register', register);
  element('register').disabled = false;
  if (secret === '') say('The link is not whole: copy all of it, or make another with "keyturn signer enroll".');
  else say('');
})();
`;

/** Headers of the page and of every answer beside it. */
export const ENROLL_PAGE_HEADERS = pageHeaders(ENROLL_SCRIPT);

const PAGE = pageOf(
  'Keyturn: a passkey for your votes',
  html`<h1>A passkey for your votes</h1>
<p id="status" role="status">This page needs JavaScript.</p>
<div id="begin">
<p>Your browser makes a passkey for this address. Two others decide whether it may sign votes for you.</p>
<label for="label">Name of this passkey</label>
<input id="label" maxlength="40" value="passkey" autocomplete="off">
<button id="register" type="button" disabled>Make a passkey</button>
</div>`,
  ENROLL_SCRIPT,
);

/** The page; it is the same for every link, so it can tell nobody whether one exists. */
export function enrollPage(): string {
  return PAGE;
}
