// SPDX-License-Identifier: Apache-2.0
// What the scripts of all pages behind links begin with: posts of JSON, text that is only ever set as text, clicks that
// are a person's, and bytes of WebAuthn as base64url.

/** Takes the secret of the link as `secret`. */
export const SCRIPT_PARTS = `  const element = (id) => document.getElementById(id);
  const secret = location.hash.slice(1);
  const say = (text) => { element('status').textContent = text; };
  const ask = async (body) => {
    const answer = await fetch(location.pathname, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      body: JSON.stringify(body),
    });
    const json = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(json.detail || 'The request was refused (' + answer.status + ').');
    return json;
  };
  const whileBusy = async (work) => {
    for (const button of document.querySelectorAll('button')) button.disabled = true;
    try { await work(); } catch (error) { say(error.message); }
    for (const button of document.querySelectorAll('button')) button.disabled = false;
  };
  // A click by a script, as scanners make, is not trusted and does nothing.
  const onClick = (id, work) => element(id).addEventListener('click', (event) => { if (event.isTrusted) work(); });
  const bytesOf = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0));
  const textOf = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  const known = (list) => list.map(({ id, transports }) => ({ type: 'public-key', id: bytesOf(id), transports }));
  const authenticator = async (work) => {
    if (!navigator.credentials || !window.PublicKeyCredential) throw new Error('This browser has no passkeys.');
    try {
      const credential = await work(navigator.credentials);
      if (credential) return credential;
    } catch (error) {
      throw new Error('The passkey did not answer (' + error.name + '): nothing was sent.');
    }
    throw new Error('The passkey did not answer: nothing was sent.');
  };
`;
