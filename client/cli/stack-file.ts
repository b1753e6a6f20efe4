// SPDX-License-Identifier: Apache-2.0
// Reads `.local/stack.json`, in which a local stack says where it is. Unknown members pass: the stack's scripts own
// the file.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

const url = z.url().nullish();
const StackFile = z.object({
  apiUrl: url,
  workloadApiUrl: url,
  gatewayUrl: url,
  issuerUrl: url,
  region: z.string(),
  account: z.string(),
  stage: z.string(),
  caFile: z.string().nullish(),
  adminToken: z.string().nullish(),
  roles: z.record(z.string(), z.string()).default({}),
});

/** The members of the file that the CLI uses. `caFile` is absolute. */
export type Stack = z.output<typeof StackFile>;

export type StackReading =
  | { readonly kind: 'present'; readonly stack: Stack; readonly path: string }
  | { readonly kind: 'missing'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string };

/** Reads the file; never throws, so that `doctor` can tell what is wrong. */
export function readStack(path: string): StackReading {
  try {
    const stack = StackFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    const caFile = stack.caFile ? resolve(dirname(path), stack.caFile) : null;
    return { kind: 'present', stack: { ...stack, caFile }, path };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { kind: 'missing', path };
    const reason =
      error instanceof z.ZodError
        ? `${error.issues[0]?.path.join('.') ?? 'it'}: ${error.issues[0]?.message ?? 'wrong'}`
        : String(error instanceof Error ? error.message : error);
    return { kind: 'unreadable', path, reason };
  }
}

/** True when both URLs lead to the same place; all names of loopback are one host. */
export function isSameOrigin(one: string, other: string | null | undefined): boolean {
  if (!other) return false;
  const [a, b] = [new URL(one), new URL(other)];
  const host = ({ hostname }: URL): string =>
    /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ? 'loopback' : hostname;
  return a.protocol === b.protocol && a.port === b.port && host(a) === host(b);
}
