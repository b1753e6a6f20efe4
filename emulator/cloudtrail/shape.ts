// SPDX-License-Identifier: Apache-2.0
// The form of an event, apart from how one is made of a call.

/** A CloudTrail event; its members are AWS's. */
export type CloudTrailEvent = Readonly<Record<string, unknown>>;
