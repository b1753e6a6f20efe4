// SPDX-License-Identifier: Apache-2.0
// Sends mail through SES, one recipient each: nobody sees the others, and every link is one person's.
import { type SESClient, SESServiceException, SendEmailCommand } from '@aws-sdk/client-ses';
import { KeyturnError } from '#core/errors.ts';
import type { MailMessage } from './message.ts';

const UTF_8 = 'UTF-8';
/** One plain address; no display name, no list, nothing that could begin another header (RFC 5321 §4.5.3.1). */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/;
const THROTTLED = ['Throttling', 'ThrottlingException', 'TooManyRequestsException'];

function refusalOf(cause: unknown): KeyturnError {
  const name = cause instanceof SESServiceException ? cause.name : 'no answer';
  if (THROTTLED.includes(name))
    return new KeyturnError('Throttled', 'SES asks to send fewer mails; try later', { cause });
  return new KeyturnError(
    'DependencyUnavailable',
    `SES did not take the mail (${name}); is the sender verified, and the account out of the sandbox? See docs/mail.md`,
    { cause },
  );
}

export class SesSender {
  readonly #client: SESClient;
  readonly #from: string;

  /** @param from verified address of the sender. @throws KeyturnError `InternalError` when it is none */
  constructor(client: SESClient, from: string) {
    if (!ADDRESS.test(from))
      throw new KeyturnError('InternalError', 'the address of the mail sender is not one address');
    this.#client = client;
    this.#from = from;
  }

  /**
   * @returns id that SES gave the mail
   * @throws KeyturnError `ValidationFailed` for an address, `Throttled`, `DependencyUnavailable`
   */
  async send(to: string, message: MailMessage): Promise<string> {
    if (!ADDRESS.test(to))
      throw new KeyturnError('ValidationFailed', 'the recipient is not one plain mail address');
    const part = (Data: string) => ({ Data, Charset: UTF_8 });
    const command = new SendEmailCommand({
      Source: this.#from,
      Destination: { ToAddresses: [to] },
      Message: {
        Subject: part(message.subject),
        Body: { Text: part(message.text), Html: part(message.html) },
      },
    });
    const { MessageId } = await this.#client.send(command).catch((cause: unknown) => {
      throw refusalOf(cause);
    });
    return MessageId ?? '';
  }
}
