// SPDX-License-Identifier: Apache-2.0
// The door of the SDK: everything integrators use, and nothing else.
export type { Answer } from './answer.ts';
export { createClient } from './client.ts';
export {
  AnswerError,
  ArgumentError,
  type ProblemBody,
  ProblemError,
  UnreachableError,
} from './errors.ts';
export { everyItem, everyPage } from './pages.ts';
export { readStatusList } from './status-list.ts';
export type {
  Authorize,
  CallOptions,
  Client,
  ClientOptions,
  ConsumerAddress,
  HoldAddress,
  PageOptions,
  RequestOf,
  ResponseOf,
  SourceAddress,
  StartOptions,
  VersionAddress,
} from './surface.ts';
export { createTransport, type HttpRequest, type HttpResponse, type Send } from './transport.ts';
