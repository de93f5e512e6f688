import { createTransport } from 'nodemailer';
import type { Mailer } from './port';

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

export function createSmtpMailer(options: { url: string; from: string }): Mailer {
  const transport = createTransport({
    url: options.url,
    connectionTimeout: 5_000,
    socketTimeout: 10_000,
    // A mail server of this machine alone may have a certificate of its own making.
    tls: { rejectUnauthorized: !LOOPBACK.has(new URL(options.url).hostname) },
  });
  return {
    async send(mail) {
      const messageId = `<${mail.key.replace(/[^A-Za-z0-9.-]/g, '.')}@loanloom.invalid>`;
      const { to, subject, text, attachments = [] } = mail;
      await transport.sendMail({ from: options.from, to, subject, text, attachments: [...attachments], messageId });
    },
  };
}
