// SPDX-License-Identifier: Apache-2.0
// The rooms of the repository, and which of our modules and which packages each may import. First match decides, so
// special rooms come before general ones. `docs/architecture.md` tells why; `biome.json` says the same to the editor.

export interface Room {
  /** Folder of the room, or a file. */
  readonly at: RegExp;
  /** Modules of ours, beside the room itself. */
  readonly ours: readonly RegExp[];
  /** Packages and Node's own modules. `type` imports count too. */
  readonly packages: RegExp;
}

const NOTHING = /^$/;
const ANYTHING = /./;
/** What is pure in core: ports and records, no use case. */
const CORE_WITHOUT_USE_CASES =
  /^core\/(ports|contract|keys|audit|crypto|policies|approvals\/(records|notice|notice-text|digest-words|plain-text)|(drills|escrow|incidents|provisioning|recovery)\/records|errors)\b/;

export const ROOMS: Readonly<Record<string, Room>> = {
  'core/contract': { at: /^core\/contract\//, ours: [], packages: /^zod$/ },
  'core/crypto': { at: /^core\/crypto\//, ours: [], packages: /^(node:crypto|canonicalize)$/ },
  'core/policies': {
    at: /^core\/policies\//,
    ours: [
      /^core\/(contract\/(approvals|incidents)|errors|keys\/records)/,
      /^core\/crypto\/hashing/,
    ],
    packages: /^(zod|temporal-polyfill)$/,
  },
  core: { at: /^core\//, ours: [/^core\//], packages: NOTHING },
  'adapters/pkcs11': { at: /^adapters\/pkcs11\//, ours: [], packages: ANYTHING },
  // Where notices leave the system: the one adapter that opens connections itself.
  'adapters/webhooks': {
    at: /^adapters\/webhooks\//,
    ours: [CORE_WITHOUT_USE_CASES],
    packages: /^node:(dns|http|https|net)$/,
  },
  // The one place that sees open shares.
  'adapters/escrow': {
    at: /^adapters\/escrow\//,
    ours: [CORE_WITHOUT_USE_CASES],
    packages: /^(age-encryption|shamir-secret-sharing)$/,
  },
  // What arrives here was sent by anyone: its form is checked before it is used.
  'adapters/slack': {
    at: /^adapters\/slack\//,
    ours: [CORE_WITHOUT_USE_CASES],
    packages: /^(@aws-sdk\/client-secrets-manager|@slack\/types|node:crypto|zod)$/,
  },
  'adapters/mail': {
    at: /^adapters\/mail\//,
    ours: [CORE_WITHOUT_USE_CASES],
    packages: /^(@aws-sdk\/client-ses|node:crypto|zod)$/,
  },
  adapters: {
    at: /^adapters\/([\w-]+)\//,
    ours: [CORE_WITHOUT_USE_CASES],
    packages: /^(@aws-sdk\/(client-(\w+|cloudhsm-v2)|lib-dynamodb)|canonicalize|ulid|node:crypto)$/,
  },
  'functions/shared': {
    at: /^functions\/shared\//,
    ours: [/^core\//, /^adapters\//, /^policies\//],
    packages: /^(@aws-sdk\/.*|@middy\/core|@aws-lambda-powertools\/.*|zod|aws-lambda)$/,
  },
  functions: {
    at: /^functions\/([\w-]+)\//,
    ours: [/^core\//, /^adapters\//, /^policies\//, /^functions\/shared\//, /^package\.json$/],
    packages: /^(@aws-sdk\/client-[\w-]+|@aws-lambda-powertools\/metrics|zod|jose)$/,
  },
  policies: { at: /^policies\//, ours: [/^core\/(contract|policies)\//], packages: NOTHING },
  lib: {
    at: /^lib\//,
    ours: [/^core\/contract\//],
    packages: /^(aws-cdk-lib(\/.*)?|constructs|cdk-nag|esbuild|zod|node:.*)$/,
  },
  emulator: { at: /^emulator\//, ours: [/^adapters\/pkcs11\//], packages: ANYTHING },
  bench: {
    at: /^bench\//,
    ours: [
      /^(adapters|core|policies)\//,
      // What a function's first call waits for is its bundle.
      /^lib\/bundling\//,
      /^scripts\/local\//,
      /^client\/sdk\//,
    ],
    packages: ANYTHING,
  },
  // Apart, so that who only calls the API loads no Encryption SDK.
  'client/sdk/envelope': {
    at: /^client\/sdk\/envelope\//,
    ours: [/^client\/sdk\//, /^core\/contract\//],
    packages: /^(@aws-crypto\/client-node|node:crypto)$/,
  },
  'client/sdk': { at: /^client\/sdk\//, ours: [/^core\/contract\//], packages: /^(zod|node:.*)$/ },
  client: {
    at: /^client\//,
    ours: [
      /^client\/sdk\//,
      /^core\/(contract|audit)\//,
      // What a voter signs and an auditor verifies is computed by the code that the service uses, on their machine.
      /^core\/(crypto\/(sshsig|ssh-wire|hashing)|approvals\/(vote-statement|verify-export))\./,
      /^package\.json$/,
    ],
    packages: ANYTHING,
  },
  bin: {
    at: /^bin\//,
    ours: [/^lib\//, /^policies\/check-classes/],
    packages: /^(aws-cdk-lib|node:path)$/,
  },
  scripts: {
    at: /^scripts\//,
    ours: [
      /^client\//,
      /^core\/(contract|audit)\//,
      /^policies\//,
      /^adapters\/pkcs11\//,
      /^package\.json$/,
    ],
    packages: ANYTHING,
  },
};

/** Files that may be longer than 400 lines, each with its reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {};

/** Folders whose `index.ts` is a door for others. */
export const DOORS: readonly string[] = ['client/sdk/index.ts', 'client/sdk/envelope/index.ts'];
