// SPDX-License-Identifier: Apache-2.0
// Puts a hook around every call of a port, so that a test can make it fail before its effect or after it.

/** What is about to happen, or has just happened. */
export interface PortCall {
  readonly method: string;
  readonly phase: 'before' | 'after';
}

/** Throws to make the call fail; what the port did before an `after` stays done. It may also do other work meanwhile. */
export type PortHook = (call: PortCall) => Promise<void> | void;

/** The same port with the hook around each of its methods. */
export function withHook<T extends object>(port: T, hook: PortHook): T {
  return new Proxy(port, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return async (...parameters: unknown[]) => {
        await hook({ method: String(property), phase: 'before' });
        try {
          return await member.apply(target, parameters);
        } finally {
          // Behind a refusal too: a process can die on the way back from one.
          await hook({ method: String(property), phase: 'after' });
        }
      };
    },
  });
}
