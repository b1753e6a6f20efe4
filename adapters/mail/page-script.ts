// SPDX-License-Identifier: Apache-2.0
// The script of the page behind a mail's link. It does nothing until somebody clicks; text comes from JSON and is only
// ever set as text. It must stay the same for every request: the page's policy names it by its hash.
export const PAGE_SCRIPT = `'use strict';
(() => {
  const element = (id) => document.getElementById(id);
  const secret = location.hash.slice(1);
  let shown = null;
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
    say(shown.mayVote ? 'Compare the digest, then decide.' : shown.why);
  });
  const decide = (decision) => whileBusy(async () => {
    const reason = element('reason').value.trim();
    if (decision === 'deny' && reason === '') { say('Say why you deny.'); element('reason').focus(); return; }
    const answer = await ask({
      do: 'vote', secret, csrf: shown.csrf, digest: shown.digest, decision,
      ...(reason === '' ? {} : { reason }),
    });
    element('vote').hidden = true;
    say(answer.detail || 'Your vote is recorded.');
  });
  // A click by a script, as scanners make, is not trusted and does nothing.
  const onClick = (id, work) => element(id).addEventListener('click', (event) => { if (event.isTrusted) work(); });
  onClick('show', show);
  onClick('approve', () => decide('approve'));
  onClick('deny', () => decide('deny'));
  element('show').disabled = false;
  if (secret === '') say('The link is not whole: open it from the mail again, or use the console.');
  else say('');
})();
`;
