import { createServer, type Server } from 'node:http';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface CaughtMail {
  readonly at: string;
  readonly to: string;
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
}

export interface MailSink {
  /** Refuses every mail for the moment (SMTP 451), or takes them again. */
  refuse(isRefused: boolean): void;
  stop(): Promise<void>;
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${String(char.charCodeAt(0))};`);

function page(mails: readonly CaughtMail[]): string {
  const items = [...mails]
    .reverse()
    .map(
      (mail) =>
        `<article><h2>${escapeHtml(mail.subject)}</h2><p>${escapeHtml(mail.at)} → ${escapeHtml(mail.to)}</p><pre>${escapeHtml(mail.text)}</pre></article>`,
    );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mail</title><style>body{font:16px/1.5 system-ui;max-width:44rem;margin:1rem auto;padding:0 1rem}pre{white-space:pre-wrap;background:#f4f4f4;padding:.75rem}</style></head><body><h1>Mail that left Loanloom (${String(mails.length)})</h1>${items.join('')}</body></html>`;
}

/**
 * Catches every mail of the local stack: SMTP in, a page and JSON out (`/`, `/messages?to=`). A mail that
 * comes again under its Message-ID is shown once. Kept in a file, so that a restart loses none.
 */
export async function startMailSink(options: { smtpPort: number; pagePort: number; file: string }): Promise<MailSink> {
  mkdirSync(dirname(options.file), { recursive: true });
  const mails = new Map<string, CaughtMail>();
  if (existsSync(options.file)) {
    for (const line of readFileSync(options.file, 'utf8').split('\n')) {
      if (!line.endsWith('}')) continue;
      const mail = JSON.parse(line) as CaughtMail;
      mails.set(mail.messageId, mail);
    }
  }
  let isRefusing = false;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onRcptTo(_address, _session, callback) {
      callback(isRefusing ? Object.assign(new Error('not now'), { responseCode: 451 }) : null);
    },
    onData(stream, session, callback) {
      simpleParser(stream).then(
        (parsed) => {
          const mail: CaughtMail = {
            at: new Date().toISOString(),
            to: session.envelope.rcptTo.map((recipient) => recipient.address).join(', '),
            messageId: parsed.messageId ?? String(Date.now()),
            subject: parsed.subject ?? '',
            text: parsed.text ?? '',
          };
          mails.set(mail.messageId, mail);
          appendFileSync(options.file, `${JSON.stringify(mail)}\n`);
          callback();
        },
        (error: unknown) => {
          callback(error instanceof Error ? error : new Error('unreadable mail'));
        },
      );
    },
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    smtp.listen(options.smtpPort, '127.0.0.1', () => {
      resolve();
    });
  });
  const web: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://mail');
    const to = url.searchParams.get('to');
    const chosen = [...mails.values()].filter((mail) => to === null || mail.to === to);
    if (url.pathname === '/messages') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(chosen));
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(chosen));
  });
  await new Promise<void>((resolve) => {
    web.listen(options.pagePort, '127.0.0.1', resolve);
  });
  return {
    refuse(isRefused) {
      isRefusing = isRefused;
    },
    async stop() {
      web.closeAllConnections();
      await Promise.all([
        new Promise((resolve) => web.close(resolve)),
        new Promise<void>((resolve) => {
          smtp.close(() => {
            resolve();
          });
        }),
      ]);
    },
  };
}
