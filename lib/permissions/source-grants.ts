// SPDX-License-Identifier: Apache-2.0
// Permissions of re-encryption on what other applications own, and of the retire gate on the evidence bucket. Which
// tables and buckets is a setting: a person who registers a source cannot widen what the worker may touch.
import type { Settings } from '../config/settings.ts';
import type { Grant } from './grant.ts';

export type SourceSetting = Settings['reencryption']['sources'][number];

const FAMILY = 'the setting names a family of tables or buckets of one application';
const OBJECTS = 'objects are named by the application; the setting narrows bucket and prefix';

/** A grant on a name that can hold a `*`. */
function named(actions: readonly string[], resource: string, reason = FAMILY): Grant {
  const grant = { actions, resources: [resource] };
  return resource.includes('*') ? { ...grant, wildcardReason: reason } : grant;
}

/** Use of the keys that encrypt a source, through its service only. */
function viaService(keyArns: readonly string[], service: string, region: string): readonly Grant[] {
  if (keyArns.length === 0) return [];
  return [
    {
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: keyArns,
      conditions: { StringEquals: { 'kms:ViaService': `${service}.${region}.amazonaws.com` } },
    },
  ];
}

function grantsOf(source: SourceSetting, region: string): readonly Grant[] {
  if (source.kind === 'dynamodb') {
    return [
      named(['dynamodb:DescribeTable', 'dynamodb:Scan', 'dynamodb:UpdateItem'], source.tableArn),
      ...viaService(source.keyArns, 'dynamodb', region),
    ];
  }
  const objects = `${source.bucketArn}/${source.prefix}*`;
  return [
    named(['s3:ListBucket'], source.bucketArn),
    // Tags go along with a copy.
    named(
      ['s3:GetObject', 's3:GetObjectTagging', 's3:PutObject', 's3:PutObjectTagging'],
      objects,
      OBJECTS,
    ),
    ...viaService(source.keyArns, 's3', region),
  ];
}

/** Reading and replacing ciphertexts in the sources of the settings. */
export function sourceGrants(sources: readonly SourceSetting[], region: string): readonly Grant[] {
  return sources.flatMap((source) => grantsOf(source, region));
}

interface EvidencePlace {
  readonly bucketArn: string;
  readonly keyArn: string;
}

/** Kinds of evidence, by the folder that they lie in. */
export type EvidenceFolder = 'retirement' | 'adoption';

function evidence(
  actions: readonly string[],
  keyActions: readonly string[],
  { bucketArn, keyArn }: EvidencePlace,
  { folder, region }: { readonly folder: EvidenceFolder; readonly region: string },
): readonly Grant[] {
  return [
    named(actions, `${bucketArn}/${folder}/*`, 'evidence is named by its digest'),
    {
      actions: keyActions,
      resources: [keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
    },
  ];
}

/** Adds evidence of one kind; nothing there can be read or changed with it. */
export function evidenceGrants(
  place: EvidencePlace,
  where: { readonly folder: EvidenceFolder; readonly region: string },
): readonly Grant[] {
  // Decrypt: S3 asks for it where an upload takes several parts.
  return evidence(['s3:PutObject'], ['kms:Decrypt', 'kms:GenerateDataKey'], place, where);
}

/** Reads evidence of one kind. */
export function readEvidence(
  place: EvidencePlace,
  where: { readonly folder: EvidenceFolder; readonly region: string },
): readonly Grant[] {
  return evidence(['s3:GetObject'], ['kms:Decrypt'], place, where);
}
