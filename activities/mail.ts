import { createTransport } from 'nodemailer';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Business key: becomes the Message-ID, so that a repeated delivery is recognised as the same mail. */
  readonly key: string;
}

/** Sends one mail or throws; may be called again with the same key. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}

export function createSmtpMailer(options: { url: string; from: string }): Mailer {
  const transport = createTransport({
    url: options.url,
    connectionTimeout: 5_000,
    socketTimeout: 10_000,
    tls: { rejectUnauthorized: !options.url.includes('127.0.0.1') },
  });
  return {
    async send(mail) {
      const messageId = `<${mail.key.replace(/[^A-Za-z0-9.-]/g, '.')}@loanloom.invalid>`;
      await transport.sendMail({ from: options.from, to: mail.to, subject: mail.subject, text: mail.text, messageId });
    },
  };
}
