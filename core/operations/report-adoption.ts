// SPDX-License-Identifier: Apache-2.0
// Use case: say what an existing vault key is, and what stands in the way of managing it. It changes nothing.
import type { AdoptionReport } from '../contract/adoptions.ts';
import { type ForeignPolicy, readForeignPolicy } from '../keys/foreign-policy.ts';
import type { ForeignKey, KeyInspector } from '../ports/key-inspector.ts';
import type { Ledger } from '../ports/ledger.ts';

export interface ReportAdoptionDeps {
  readonly ledger: Ledger;
  readonly inspector: KeyInspector;
  readonly account: string;
  /** Key store of the stage, by the name that its record has. */
  readonly keyStore: string;
}

export type Finding = AdoptionReport['findings'][number];
type Judge = (facts: Facts) => readonly Finding[];

interface Facts {
  readonly key: ForeignKey;
  readonly policy: ForeignPolicy | null;
  readonly managedAs: { readonly name: string; readonly version: number } | null;
  /** Version of a key that was let go. */
  readonly releasedFrom: { readonly name: string; readonly version: number } | null;
  readonly storeId: string | null;
}

const blocks = (code: string, detail: string): Finding => ({
  code,
  weight: 'blocks',
  detail,
  accept: null,
});
/** @param accept what an adoption has to accept by name, because somebody may lose something by it */
const warns = (code: string, detail: string, accept: string | null = null): Finding => ({
  code,
  weight: 'warns',
  detail,
  accept,
});

const identity: Judge = ({ key, managedAs }) => [
  ...(managedAs
    ? [blocks('already-managed', `it is version ${managedAs.version} of ${managedAs.name}`)]
    : []),
  ...(key.manager === 'CUSTOMER'
    ? []
    : [blocks('managed-by-aws', 'an AWS service made it and keeps it')]),
  ...(key.state === 'Enabled'
    ? []
    : [blocks('not-enabled', `its state is ${key.state}; it has to be enabled to be verified`)]),
  ...(key.keySpec === 'SYMMETRIC_DEFAULT' && key.usage === 'ENCRYPT_DECRYPT'
    ? []
    : [
        blocks(
          'other-algorithm',
          `${key.keySpec} for ${key.usage}; only symmetric encryption is managed`,
        ),
      ]),
];

/** Aliases of the keys that Keyturn's own table, evidence and tokens lie under. */
const OWN_ALIASES = 'alias/keyturn-';

const keeper: Judge = ({ key }) => [
  ...((key.aliases ?? []).some((alias) => alias.startsWith(OWN_ALIASES))
    ? [blocks('of-keyturn', "it is a key of Keyturn's own deployment, which needs its policy")]
    : []),
  ...(key.tags?.['aws:cloudformation:stack-name'] === undefined
    ? []
    : [
        warns(
          'stack-managed',
          `stack ${key.tags['aws:cloudformation:stack-name']} made it and puts its own policy back: take it out of the stack first`,
          'stack-managed',
        ),
      ]),
];

const tags: Judge = ({ key, managedAs }) => {
  const stage = key.tags?.['keyturn:stage'];
  if (stage === undefined || managedAs) return [];
  return [
    blocks('tagged', `its tags say that stage ${stage} of Keyturn made it, and no key here does`),
  ];
};

const place: Judge = ({ key, storeId }) => [
  ...(key.keyStoreId !== null && key.keyStoreId === storeId
    ? []
    : [
        warns(
          'other-place',
          `origin ${key.origin}, key store ${key.keyStoreId ?? 'none'}: its next version would lie in ${storeId ?? 'the key store of the stage'}`,
        ),
      ]),
  ...(key.isMultiRegion
    ? [
        blocks(
          'multi-region',
          'its replicas in other Regions have policies of their own, which nothing here reaches',
        ),
      ]
    : []),
  ...(key.isRotatedByVault
    ? [warns('rotated-by-kms', 'KMS rotates it as well: turn that off, or both do')]
    : []),
];

const policyFindings: Judge = ({ policy }) => {
  if (!policy) return [];
  const lost = policy.lost.map(({ sid, why }) =>
    warns(
      'statement-lost',
      `statement ${sid} would be lost when the policy is replaced: ${why}`,
      `statement:${sid}`,
    ),
  );
  const delegated = policy.isDelegated
    ? [
        warns(
          'delegated',
          'IAM of the account decides who may use it: only whom the access names can use it once it is adopted',
          'delegated',
        ),
      ]
    : [
        blocks(
          'not-delegated',
          'its policy does not let IAM of the account in, so no role of Keyturn',
        ),
      ];
  return [...delegated, ...lost];
};

const users: Judge = ({ key }) => [
  ...(key.grants
    ? [warns('grants', `${key.grants} grants end with the right to encrypt`, 'grants')]
    : []),
  ...(key.aliases ?? []).map((alias) =>
    warns(
      'aliases',
      `${alias}: who encrypts by it cannot after the first rotation, unless the adoption takes it along`,
      `alias:${alias}`,
    ),
  ),
  ...(key.lastUsedAt === null && !key.unreadable.includes('last use')
    ? [warns('unused', 'no use was seen: is it needed?')]
    : []),
];

const records: Judge = ({ key }) => [
  ...(key.tags && Object.keys(key.tags).some((tag) => /^owner$/i.test(tag))
    ? []
    : [warns('no-owner', 'no tag names an owner: somebody accountable has to be found')]),
  ...key.unreadable.map((what) => unreadable(what)),
];

/** Without these an adoption could neither keep users nor give the key back as it was. */
const NEEDED: readonly string[] = ['policy', 'tags', 'aliases'];

function unreadable(what: string): Finding {
  const detail = `its ${what} may not be read by us`;
  if (NEEDED.includes(what)) return blocks('unreadable', detail);
  return warns('unreadable', detail, what === 'grants' ? 'unreadable:grants' : null);
}

const JUDGES: readonly Judge[] = [identity, keeper, tags, place, policyFindings, users, records];

function viewOf({ key, policy, managedAs }: Facts, findings: Finding[]): AdoptionReport {
  const { policy: _document, unreadable: _named, aliases, tags, ...shown } = key;
  return {
    ...shown,
    aliases: [...(aliases ?? [])],
    tags: { ...tags },
    managedAs: managedAs?.name ?? null,
    access: (policy?.access ?? []).map(({ principal, rights }) => ({
      principal,
      rights: [...rights],
    })),
    findings,
    isAdoptable: findings.every(({ weight }) => weight !== 'blocks'),
  };
}

/** Whose version a vault key is, or was until that key was let go. */
async function managerOf(ledger: Ledger, keyId: string) {
  const recorded = await ledger.findRecordedKey(keyId);
  const key = recorded && (await ledger.readKeyRecord(recorded.name));
  return key?.releasedAt
    ? { managedAs: null, releasedFrom: recorded }
    : { managedAs: recorded, releasedFrom: null };
}

/** A report, and what it was made of. */
export interface Judged {
  readonly releasedFrom: Facts['releasedFrom'];
  readonly key: ForeignKey;
  readonly report: AdoptionReport;
  /** True when it lies in the key store of the stage. */
  readonly isInKeyStore: boolean;
}

/**
 * Reports on one key.
 * @param reference id, ARN or alias of the vault key
 * @throws KeyturnError `KeyNotFound`, `AccessDenied`, and what the vault answers
 */
export async function reportAdoption(
  deps: ReportAdoptionDeps,
  reference: string,
): Promise<AdoptionReport> {
  return (await judgeAdoption(deps, reference)).report;
}

/** The report together with the key as it was read. @throws as {@link reportAdoption} */
export async function judgeAdoption(deps: ReportAdoptionDeps, reference: string): Promise<Judged> {
  const key = await deps.inspector.inspect(reference);
  const store = await deps.ledger.readKeyStore(deps.keyStore);
  const facts: Facts = {
    key,
    policy: key.policy === null ? null : readForeignPolicy(key.policy, deps.account),
    ...(await managerOf(deps.ledger, key.keyId)),
    storeId: store?.keyStoreId ?? null,
  };
  const findings = JUDGES.flatMap((judge) => judge(facts));
  const isInKeyStore = key.keyStoreId !== null && key.keyStoreId === facts.storeId;
  const { releasedFrom } = facts;
  return { key, report: viewOf(facts, findings), isInKeyStore, releasedFrom };
}
