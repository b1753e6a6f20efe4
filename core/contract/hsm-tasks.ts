// SPDX-License-Identifier: Apache-2.0
// What only an HSM administrator can do, because AWS has no API for it, as the API shows it and takes its report.
import { z } from 'zod';
import { instant, page } from './api.ts';

/** `delete-objects`: what was destroyed, and came back with a restore, is deleted in the HSMs. */
export const HSM_TASK_KINDS = [
  'sign-certificate',
  'activate-cluster',
  'reset-kmsuser',
  'delete-objects',
] as const;
export type HsmTaskKind = (typeof HSM_TASK_KINDS)[number];

/** What an HSM administrator listed: the labels of all objects of a cluster. */
export const ObjectListing = z.strictObject({
  listingDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the listing, in hexadecimal'),
  objectsListed: z.int().nonnegative(),
  objectsFound: z.int().nonnegative().describe('how many of those asked for are there'),
});

export const HsmAdminTask = z
  .object({
    id: z.string(),
    kind: z.enum(HSM_TASK_KINDS),
    keyStore: z.string(),
    state: z.enum(['open', 'done']),
    clusterId: z.string().nullable().describe('where it is to be done'),
    instructions: z.string(),
    objects: z.array(z.string()).describe('labels of what is to be deleted'),
    certificateRequest: z.string().nullable().describe('PEM PKCS#10 of the cluster'),
    createdAt: instant,
  })
  .meta({ id: 'HsmAdminTask' });
export const HsmAdminTaskPage = page(HsmAdminTask).meta({ id: 'HsmAdminTaskPage' });

export const CompleteTaskRequest = z
  .strictObject({
    signedCertificate: z.string().max(10_000).optional(),
    trustAnchor: z.string().max(10_000).optional(),
    listing: ObjectListing.optional().describe('of delete-objects: the HSMs without its objects'),
  })
  .meta({ id: 'CompleteTaskRequest' });
