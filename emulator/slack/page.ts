// SPDX-License-Identifier: Apache-2.0
// The page of the stand-in workspace: its channel with live buttons, as the person chosen on top.
import { createHash } from 'node:crypto';
import { MEMBERS } from './members.ts';

const SCRIPT = `'use strict';
const element = (id) => document.getElementById(id);
const make = (tag, text, parent) => { const made = document.createElement(tag); made.textContent = text; parent.append(made); return made; };
const plain = (text) => text.replace(/<!date\\^[^|>]*\\|([^>]*)>/g, '$1').replace(/^\\*([^*]+)\\*$/gm, '$1')
  .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
const key = location.hash.slice(1) || sessionStorage.getItem('key') || '';
sessionStorage.setItem('key', key);
history.replaceState(null, '', '/');
const send = async (path, body) => {
  const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', 'x-admin-token': key }, body: JSON.stringify({ ...body, user: element('user').value }) });
  const said = await answer.json();
  element('answer').textContent = 'The app answered ' + (said.status ?? answer.status) + ' ' + (said.body || said.message || '');
  await refresh();
};
const press = (ts, button) => {
  const ask = button.confirm;
  if (ask && !window.confirm(ask.title.text + '\\n' + ask.text.text)) return;
  if (button.url) window.open(button.url, '_blank', 'noopener');
  return send('/click', { ts, button: button.action_id });
};
let shown = '';
const refresh = async () => {
  const got = await fetch('/state', { headers: { 'x-admin-token': key } });
  if (!got.ok) { element('answer').textContent = 'Open this page from the address that npm start prints: it carries the key.'; return; }
  const text = await got.text();
  if (text + element('user').value === shown) return;
  shown = text + element('user').value;
  const state = JSON.parse(text);
  const list = element('messages');
  list.replaceChildren();
  for (const message of state.messages) {
    const item = make('li', '', list);
    if (message.thread_ts) item.className = 'reply';
    make('p', plain(message.text) + (message.edited ? ' (edited)' : ''), item);
    for (const attachment of message.attachments) for (const block of attachment.blocks ?? []) {
      if (block.type === 'section') make('pre', plain(block.text.text), item);
      else for (const button of block.elements ?? []) make('button', button.text.text, item).onclick = () => press(message.ts, button);
    }
  }
  const own = element('own');
  own.replaceChildren();
  for (const { user, text } of state.ephemerals) if (user === element('user').value) make('li', plain(text), own);
  for (const open of state.views) if (open.user === element('user').value) {
    const item = make('li', open.view.title.text + ' ', own);
    const input = make('input', '', item);
    input.setAttribute('aria-label', 'Reason');
    make('button', open.view.submit?.text ?? 'Send', item).onclick = () => send('/submit', { view: open.id, value: input.value });
  }
};
element('user').onchange = () => refresh();
const typing = () => document.activeElement?.tagName === 'INPUT';
setInterval(() => { if (!typing()) refresh(); }, 1000);
refresh();
`;
const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:50rem;margin:0 auto;padding:1rem}
li{border:1px solid #888;padding:.5rem 1rem;margin:.5rem 0;list-style:none}.reply{margin-left:2rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}button{font:inherit;min-height:2.5rem;margin-right:.5rem}
`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const options = MEMBERS.filter(({ name }) => name !== 'keyturn')
  .map(({ id, name }) => `<option value="${id}">${name}</option>`)
  .join('');

export const SLACK_PAGE_POLICY = `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export const SLACK_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stand-in for Slack</title><style>${STYLE}</style></head><body>
<h1>Stand-in for Slack: #approvals</h1>
<p><label>You are <select id="user">${options}</select></label></p>
<p id="answer" role="status"></p>
<ul id="own" aria-label="Only for you"></ul>
<ol id="messages" aria-label="Messages"></ol>
<script>${SCRIPT}</script></body></html>
`;
