// SPDX-License-Identifier: Apache-2.0
// The script of the page behind a mail's link. It does nothing until somebody clicks; text comes from JSON and is only
// ever set as text. It must stay the same for every request: the page's policy names it by its hash.
import { SCRIPT_PARTS } from './script-parts.ts';

export const PAGE_SCRIPT = `'use strict';
(() => {
${SCRIPT_PARTS}  let shown = null;
  const addField = (list, name, lines) => {
    const term = document.createElement('dt');
    term.textContent = name;
    const value = document.createElement('dd');
    for (const line of lines) {
      const row = document.createElement('div');
      row.textContent = line;
      value.append(row);
    }
    list.append(term, value);
  };
  const show = () => whileBusy(async () => {
    shown = await ask({ do: 'show', secret });
    // From here on neither history nor a glance at the address gives the secret away.
    history.replaceState(null, '', location.pathname);
    element('title').textContent = shown.title;
    const list = element('fields');
    list.replaceChildren();
    for (const field of shown.fields) addField(list, field.name, field.lines);
    element('begin').hidden = true;
    element('request').hidden = false;
    element('vote').hidden = !shown.mayVote;
    if (shown.passkey) element('approve').textContent = 'Approve with a passkey';
    say(shown.mayVote ? 'Compare the digest, then decide.' : shown.why);
  });
  const signed = async ({ rpId, challenge, credentials }) => {
    say('Your browser asks for your passkey.');
    const credential = await authenticator((all) => all.get({ publicKey: {
      challenge: bytesOf(challenge), rpId, allowCredentials: known(credentials),
      userVerification: 'required', timeout: 300000,
    } }));
    const { authenticatorData, clientDataJSON, signature } = credential.response;
    return {
      kind: 'webauthn', credentialId: textOf(credential.rawId), authenticatorData: textOf(authenticatorData),
      clientDataJSON: textOf(clientDataJSON), signature: textOf(signature),
    };
  };
  const decide = (decision) => whileBusy(async () => {
    const reason = element('reason').value.trim();
    if (decision === 'deny' && reason === '') { say('Say why you deny.'); element('reason').focus(); return; }
    // A denial stops the act: it needs no proof.
    const signature = decision === 'approve' && shown.passkey ? await signed(shown.passkey) : null;
    const answer = await ask({
      do: 'vote', secret, csrf: shown.csrf, digest: shown.digest, decision,
      ...(reason === '' ? {} : { reason }),
      ...(signature ? { signature } : {}),
    });
    element('vote').hidden = true;
    say(answer.detail || 'Your vote is recorded.');
  });
  onClick('show', show);
  onClick('approve', () => decide('approve'));
  onClick('deny', () => decide('deny'));
  element('show').disabled = false;
  const [request] = /apr_[0-9A-Z]{26}$/.exec(location.pathname) || [];
  if (secret === '' && request)
    say('This page opens with the link in your own mail about the request. On the command line: keyturn approval show ' + request);
  else if (secret === '') say('The link is not whole: open it from the mail again, or use the command line.');
  else say('');
})();
`;
