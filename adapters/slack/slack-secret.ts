// SPDX-License-Identifier: Apache-2.0
// The secret of the Slack app: one JSON in Secrets Manager. Two signing secrets hold while Slack changes over.
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { KeyturnError } from '#core/errors.ts';

const Schema = z.strictObject({
  botToken: z.string().regex(/^xoxb-[A-Za-z0-9-]{10,240}$/),
  /** The new one first. */
  signingSecrets: z.array(z.string().min(16).max(128)).min(1).max(2),
});
export type SlackSecret = z.infer<typeof Schema>;

/** @throws KeyturnError `DependencyUnavailable` that names what is wrong, never a value */
export function parseSlackSecret(text: string | undefined): SlackSecret {
  try {
    return Schema.parse(JSON.parse(text ?? ''));
  } catch (error) {
    const paths = error instanceof z.ZodError ? error.issues.map(({ path }) => path.join('.')) : [];
    const wrong = paths.some((path) => path !== '') ? ` (wrong: ${paths.join(', ')})` : '';
    throw new KeyturnError(
      'DependencyUnavailable',
      `the Slack secret is not {botToken, signingSecrets: [..]}${wrong}; set it as docs/slack.md says`,
    );
  }
}

/** Reads the secret's present value. @throws KeyturnError `DependencyUnavailable` */
export async function readSlackSecret(
  client: SecretsManagerClient,
  secretId: string,
): Promise<SlackSecret> {
  const { SecretString: text } = await client
    .send(new GetSecretValueCommand({ SecretId: secretId }))
    .catch((cause: unknown) => {
      throw new KeyturnError('DependencyUnavailable', 'the Slack secret cannot be read', { cause });
    });
  return parseSlackSecret(text);
}
