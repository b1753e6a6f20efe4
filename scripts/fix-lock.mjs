// SPDX-License-Identifier: Apache-2.0
// Adds to package-lock.json the optional packages of other platforms that a registry mirror does not hold;
// without an entry `npm ci` refuses the lockfile. They are never installed on the platforms tested here.
// Run after `npm install` on such a mirror: node scripts/fix-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const platforms = /(android|darwin|linux|win32|freebsd|openharmony)/;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const os = platforms.exec(name)?.[1];
    if (lock.packages[path] || !os || !/^\d/.test(version)) continue;
    const cpu = /(arm64|x64|ia32|arm)/.exec(name)?.[1];
    lock.packages[path] = { version, cpu: [cpu], dev: entry.dev, optional: true, os: [os] };
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
