// SPDX-License-Identifier: Apache-2.0
// Bodies about the HSMs of a key store's cluster.
import { z } from 'zod';

const instant = z.iso.datetime();
/** As CloudHSM names them (CloudHSM API reference, Hsm). */
const HsmId = z.string().regex(/^hsm-[2-7a-zA-Z]{11,16}$/, 'as CloudHSM names it, hsm-…');
const Zone = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'an availability zone, as eu-west-1b');

export const ChangeHsmsRequest = z
  .strictObject({
    zone: Zone.optional().describe('of one more HSM; absent: the zone with the fewest'),
    replaces: HsmId.optional().describe('the HSM that goes once a new one works in its zone'),
  })
  .refine(({ zone, replaces }) => zone === undefined || replaces === undefined, {
    path: ['zone'],
    message: 'the new HSM comes into the zone of the one that it replaces; leave the zone out',
  })
  .meta({ id: 'ChangeHsmsRequest' });

export const HsmChange = z
  .object({
    kind: z.enum(['add', 'replace']),
    zone: z.string(),
    replaces: z.string().nullable(),
    state: z.enum(['admitted', 'adding', 'deleting', 'done', 'failed']),
    hsmId: z.string().nullable().describe('the new HSM, once it was seen'),
    cause: z.string().nullable(),
    requestedBy: z.string(),
    startedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'HsmChange' });

export const Hsms = z
  .object({
    keyStore: z.string(),
    clusterId: z.string(),
    hsmType: z.string(),
    items: z.array(z.object({ id: z.string(), zone: z.string(), state: z.string() })),
    zones: z.array(z.string()).describe('in which the cluster has a subnet'),
    activeZones: z.int().describe('zones with an active HSM; KMS needs two to create keys'),
    occupied: z.int().describe('key versions recorded in the key store'),
    capacity: z.int().describe('keys that HSMs of this type hold'),
    backupRetentionDays: z.int().nullable(),
    newestBackupAt: instant.nullable(),
    findings: z.array(z.enum(['one-zone', 'nearly-full', 'backup-missing'])),
    change: HsmChange.nullable().describe('the last addition or replacement'),
  })
  .meta({ id: 'Hsms' });
