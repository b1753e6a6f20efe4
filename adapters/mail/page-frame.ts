// SPDX-License-Identifier: Apache-2.0
// What every page behind a link has: one style, one script, a policy that names both by their hash, and headers that
// keep it out of caches, frames and referrers.
import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 sans-serif;max-width:44rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
dt{font-weight:bold;margin-top:.75rem}dd{margin:0}
button{font:inherit;min-height:44px;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}
textarea,input{font:inherit;box-sizing:border-box;width:100%}
:focus-visible{outline:3px solid #2563eb;outline-offset:2px}
`;

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** No source but this one script and style, no frame, no form, nothing from elsewhere. */
const policyOf = (script: string) =>
  [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** Headers of a page and of every answer under its path. */
export function pageHeaders(script: string): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': policyOf(script),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex',
  };
}

/** A whole page. */
export function pageOf(title: string, main: Html, script: string): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${main}
</main>
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}
