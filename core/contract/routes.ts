// SPDX-License-Identifier: Apache-2.0
// The route table: one line per route of the API. The API construct wires it, the functions dispatch by it, the
// OpenAPI document is rendered from it, so none of them can disagree.
import type { z } from 'zod';
import * as api from './api.ts';
import { APPROVAL_ROUTES } from './approval-routes.ts';
import { ActAccepted } from './approvals.ts';
import { CONSUMER_ROUTES } from './consumer-routes.ts';
import * as consumers from './consumers.ts';
import { CONTAINMENT_ROUTES } from './containment-routes.ts';
import { DRILL_ROUTES } from './drill-routes.ts';
import { ELEVATION_ROUTES } from './elevation-routes.ts';
import { ESCROW_ROUTES } from './escrow-routes.ts';
import { HSM_ROUTES } from './hsm-routes.ts';
import { INCIDENT_ROUTES } from './incident-routes.ts';
import { KEY_STORE_ROUTES } from './key-store-routes.ts';
import { PAGE_ROUTES } from './page-routes.ts';
import { PLAN_ROUTES } from './plan-routes.ts';
import { RECOVERY_ROUTES } from './recovery-routes.ts';
import { REENCRYPTION_ROUTES } from './reencryption-routes.ts';
import { SIGNER_ROUTES } from './signer-routes.ts';

/** Actions the authorizer decides on; the object is the key, operation, task or the service itself. */
export const ACTIONS = [
  'key:create',
  'key:read',
  'key:update',
  'key:rotate',
  'key:plan',
  'key:adopt',
  'key:release',
  'key:revoke',
  'key:suspend',
  'key:resume',
  'scope:contain',
  'scope:lift',
  'scope:read',
  'key:destroy',
  'key:stop-destruction',
  'key:encrypt',
  'key:decrypt',
  'key:fetch-data-key',
  'key:reencrypt',
  'key:hold',
  'key:retire',
  'source:read',
  'source:manage',
  'consumer:read',
  'consumer:manage',
  'consumer:acknowledge-purge',
  'rotation:acknowledge',
  'rotation:cancel',
  'rotation:extend',
  'rotation:force',
  'rotation:report',
  'rotation:roll-back',
  'operation:read',
  'audit:read',
  'key-store:provision',
  'key-store:read',
  'hsm:change',
  'drill:read',
  'drill:run',
  'drill:answer',
  'approval:read',
  'approval:vote',
  'approval:cancel',
  ...(['pause:read', 'pause:manage', 'brake:read', 'brake:apply', 'brake:lift'] as const),
  'elevation:request',
  'elevation:read',
  'elevation:revoke',
  'signer:enroll',
  'signer:read',
  'signer:remove',
  'escrow:read',
  'escrow:request',
  'escrow:contribute',
  'escrow:complete',
  'policy:read',
  'policy:activate',
  'policy:withdraw',
  'incident:read',
  'incident:manage',
  'recovery:request',
  'recovery:read',
  'recovery:resume',
  'task:read',
  'task:complete',
] as const;
export type Action = (typeof ACTIONS)[number];

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the stage, with API Gateway placeholders. */
  readonly path: string;
  /** Folder under `functions/` that answers it. */
  readonly function: string;
  /** What is authorized; `null` only for public routes. */
  readonly action: Action | null;
  readonly summary: string;
  readonly request?: z.ZodType;
  /** What is sent where it is not JSON. */
  readonly requestContent?: 'application/x-www-form-urlencoded';
  readonly response: z.ZodType | null;
  readonly status: 200 | 202;
  /** What is answered where it is not JSON. */
  readonly content?: 'text/html';
  /** What starts work needs an Idempotency-Key. */
  readonly idempotent?: true;
  /** Some bodies start work: those need an Idempotency-Key and answer 202 with an operation. */
  readonly mayStart?: true;
  /** What changes a record that exists needs the ETag that it was read with; `ifExists`: only then. */
  readonly conditional?: 'always' | 'ifExists';
}

export const ROUTES = {
  createKey: {
    method: 'POST',
    path: '/v1/keys',
    function: 'change-keys',
    action: 'key:create',
    status: 202,
    summary: 'Generate a key in the key store of the stage',
    request: api.CreateKeyRequest,
    response: api.Accepted,
    idempotent: true,
  },
  listKeys: {
    method: 'GET',
    path: '/v1/keys',
    function: 'read-keys',
    action: 'key:read',
    status: 200,
    summary: 'List keys by name',
    response: api.KeyPage,
  },
  getKey: {
    method: 'GET',
    path: '/v1/keys/{name}',
    function: 'read-keys',
    action: 'key:read',
    status: 200,
    summary: 'Show one key',
    response: api.Key,
  },
  updateKey: {
    method: 'PATCH',
    path: '/v1/keys/{name}',
    function: 'change-keys',
    action: 'key:update',
    status: 200,
    summary: 'Set when a key is due for rotation, or the application and host that use it',
    request: api.UpdateKeyRequest,
    response: api.Key,
    conditional: 'always',
  },
  listVersions: {
    method: 'GET',
    path: '/v1/keys/{name}/versions',
    function: 'read-keys',
    action: 'key:read',
    status: 200,
    summary: 'List the versions of a key',
    response: api.VersionPage,
  },
  startRotation: {
    method: 'POST',
    path: '/v1/keys/{name}/rotations',
    function: 'change-keys',
    action: 'key:rotate',
    status: 202,
    summary: 'Rotate a key now',
    request: api.StartRotationRequest,
    response: api.Accepted,
    idempotent: true,
  },
  ...PLAN_ROUTES,
  ...CONSUMER_ROUTES,
  readUsage: {
    method: 'GET',
    path: '/v1/keys/{name}/usage',
    function: 'read-usage',
    action: 'key:read',
    status: 200,
    summary: 'Who used which version last, as CloudTrail saw it',
    response: api.UsagePage,
  },
  readCalendar: {
    method: 'GET',
    path: '/v1/calendar',
    function: 'read-calendar',
    action: 'key:read',
    status: 200,
    summary: 'What rotates when (?from=&until=)',
    response: api.CalendarPage,
  },
  ...REENCRYPTION_ROUTES,
  encrypt: {
    method: 'POST',
    path: '/v1/keys/{name}/encrypt',
    function: 'use-key',
    action: 'key:encrypt',
    status: 200,
    summary: 'Encrypt up to 4,096 bytes under the current version',
    request: api.EncryptRequest,
    response: api.EncryptResponse,
  },
  decrypt: {
    method: 'POST',
    path: '/v1/keys/{name}/decrypt',
    function: 'use-key',
    action: 'key:decrypt',
    status: 200,
    summary: 'Decrypt a ciphertext of any readable version of this key',
    request: api.DecryptRequest,
    response: api.DecryptResponse,
  },
  fetchDataKey: {
    method: 'POST',
    path: '/v1/keys/{name}/data-keys',
    function: 'use-key',
    action: 'key:fetch-data-key',
    status: 200,
    summary: 'Fetch the wrapped data key of a version of a key of tier data',
    request: api.DataKeyRequest,
    response: api.DataKey,
  },
  getRotation: {
    method: 'GET',
    path: '/v1/rotations/{operationId}',
    function: 'acknowledge-rotation',
    action: 'operation:read',
    status: 200,
    summary: 'Show a rotation with its consumers: who acknowledged, who lags, until when',
    response: consumers.Rotation,
  },
  acknowledgeRotation: {
    method: 'POST',
    path: '/v1/rotations/{operationId}/acks',
    function: 'acknowledge-rotation',
    action: 'rotation:acknowledge',
    status: 200,
    summary: 'Say that a consumer is ready for, or runs, the version of a rotation',
    request: consumers.AcknowledgeRequest,
    response: consumers.Consumer,
  },
  extendRotation: {
    method: 'POST',
    path: '/v1/rotations/{operationId}/extension',
    function: 'acknowledge-rotation',
    action: 'rotation:extend',
    status: 200,
    summary: 'Give the consumers of a rotation more time',
    request: consumers.ExtendRotationRequest,
    response: consumers.Rotation,
  },
  cancelRotation: {
    method: 'POST',
    path: '/v1/rotations/{operationId}/cancellation',
    function: 'watch-rotation',
    action: 'rotation:cancel',
    status: 200,
    summary: 'Take back a rotation that waits for its consumers; the old version stays in use',
    request: consumers.CancelRotationRequest,
    response: api.Operation,
  },
  forceRotation: {
    method: 'POST',
    path: '/v1/rotations/{operationId}/force',
    function: 'acknowledge-rotation',
    action: 'rotation:force',
    status: 202,
    summary: 'Ask for approvals to switch although consumers did not acknowledge',
    request: consumers.ForceRotationRequest,
    response: ActAccepted,
    idempotent: true,
  },
  reportRotation: {
    method: 'POST',
    path: '/v1/rotations/{operationId}/reports',
    function: 'watch-rotation',
    action: 'rotation:report',
    status: 200,
    summary: 'Report how many calls under the new version failed',
    request: consumers.ReportRotationRequest,
    response: consumers.ReportedRotation,
  },
  rollBackRotation: {
    method: 'POST',
    path: '/v1/rotations/{operationId}/rollback',
    function: 'watch-rotation',
    action: 'rotation:roll-back',
    status: 200,
    summary: 'Switch back to the old version within the bake',
    request: consumers.RollBackRotationRequest,
    response: api.Operation,
  },
  ...APPROVAL_ROUTES,
  ...ESCROW_ROUTES,
  ...CONTAINMENT_ROUTES,
  getOperation: {
    method: 'GET',
    path: '/v1/operations/{id}',
    function: 'read-keys',
    action: 'operation:read',
    status: 200,
    summary: 'Show one operation',
    response: api.Operation,
  },
  readAudit: {
    method: 'GET',
    path: '/v1/audit',
    function: 'read-keys',
    action: 'audit:read',
    status: 200,
    summary:
      'Read the audit records of one key (?key=NAME), one request for approval (?approval=ID), or of who decides (?policy=decisions)',
    response: api.AuditPage,
  },
  ...KEY_STORE_ROUTES,
  ...HSM_ROUTES,
  ...DRILL_ROUTES,
  ...RECOVERY_ROUTES,
  ...INCIDENT_ROUTES,
  ...ELEVATION_ROUTES,
  ...SIGNER_ROUTES,
  ...PAGE_ROUTES,
  getHealth: {
    method: 'GET',
    path: '/v1/health',
    function: 'serve-contract',
    action: null,
    status: 200,
    summary: 'Is the service up',
    response: api.Health,
  },
  getNoticeKeys: {
    method: 'GET',
    path: '/v1/jwks.json',
    function: 'serve-contract',
    action: null,
    status: 200,
    summary: 'Public keys that signed webhooks verify with (RFC 7517)',
    response: consumers.NoticeKeys,
  },
  getOpenApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    function: 'serve-contract',
    action: null,
    status: 200,
    summary: 'This document',
    response: null,
  },
} as const satisfies Record<string, Route>;

export type RouteId = keyof typeof ROUTES;
/** Whether pages or other systems call it, on the API of people alone. */
export const isPageRoute = (id: string): boolean => id in PAGE_ROUTES;
/** Routes that our client calls. */
export type ClientRouteId = Exclude<RouteId, keyof typeof PAGE_ROUTES>;
