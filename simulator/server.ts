import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Bank } from './bank';
import { bankdirectProtocol } from './bankdirect';
import { Books, type BookEntry } from './books';
import { SigningDesk } from './ca/desk';
import { cardnetProtocol } from './cardnet';
import { Control } from './control';
import { deliver } from './deliver';
import { HouseBank } from './house-bank';
import { IdentityDesk, SOURCE_NAMES } from './identity/sources';
import type { Protocol } from './protocol';
import { Scripts } from './scripts';
import { walletProtocol } from './wallet';
import { Webhooks } from './webhooks';

/**
 * Simulated banks behind one HTTP server, in a process of their own with books of their own. It shares
 * no code with the lender: what it believes about a payment is evidence.
 *
 * /<bank>/… speaks that bank's protocol; /identity/<source>/ answers about people from a register of its own; /ca/… certifies keys and stamps times; GET /housebank/statement?date= is the settlement account;
 * simulator/control.ts lists what tests and demos may tell the banks.
 */
export interface SimulatorOptions {
  readonly secrets: Readonly<Record<string, string>>;
  readonly booksFile?: string;
  /** Where the register of people is kept; without it in memory. */
  readonly registerFile?: string;
  /** Where the certificate authority keeps its keys; without it in memory, new at each start. */
  readonly authorityFile?: string;
  /** Where its root certificate is written when it opens. */
  readonly rootFile?: string;
  /** The authority's own clock, epoch ms: what it certifies and stamps carries that time. */
  readonly authorityClock?: () => number;
  /** Where the wallet's webhooks go; without it they wait to be fetched (GET /webhooks). */
  readonly webhookUrl?: string;
}

const PROTOCOLS: readonly Protocol[] = [walletProtocol, cardnetProtocol, bankdirectProtocol];

export function createSimulator(options: SimulatorOptions): Server {
  const books = new Books(options.booksFile);
  const scripts = new Scripts();
  const webhooks = new Webhooks(options.secrets.wallet ?? '', options.webhookUrl);
  const onBooked = (entry: BookEntry) => {
    if (entry.bank === 'wallet') webhooks.announce(entry);
  };
  const banks = new Map(
    PROTOCOLS.map((protocol) => [protocol.habits.name, { protocol, bank: new Bank(protocol.habits, books, scripts, onBooked) }]),
  );
  const houseBank = new HouseBank();
  const identity = new IdentityDesk(options.secrets, options.registerFile);
  const signing = new SigningDesk(options, identity.register);
  const control = new Control({
    books,
    scripts,
    webhooks,
    houseBank,
    identity,
    signing,
    banks: new Map([...banks].map(([name, { bank }]) => [name, bank])),
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const body = raw.toString('utf8');
    const url = new URL(request.url ?? '/', 'http://simulator');
    const asOf = String(request.headers['x-sandbox-as-of'] ?? new Date().toISOString());
    if (control.handle(request.method ?? '', url, body, response)) return;
    if (url.pathname === '/housebank/statement') {
      if (houseBank.isOut(asOf)) {
        response.writeHead(503).end();
        return;
      }
      const all = [...banks.values()].map(({ bank }) => bank);
      const { body: text, signature } = houseBank.statement(all, url.searchParams.get('date') ?? '', options.secrets.housebank ?? '');
      response.writeHead(200, { 'content-type': 'application/json', 'x-signature': signature }).end(text);
      return;
    }
    const source = SOURCE_NAMES.find((each) => url.pathname === `/identity/${each}/`);
    if (source && request.method === 'POST') {
      deliver(response, identity.answer(source, request.headers, body, asOf));
      return;
    }
    if (url.pathname.startsWith('/ca/')) {
      const answer = await signing.answer({ method: request.method ?? '', path: url.pathname, headers: request.headers, body: raw, asOf });
      if (answer === undefined) response.writeHead(404).end();
      else deliver(response, answer);
      return;
    }
    const [, name = ''] = url.pathname.split('/');
    const known = banks.get(name);
    if (!known) {
      response.writeHead(404).end();
      return;
    }
    const number = numberIn(url, body);
    if (known.bank.isOut(number, undefined, asOf)) {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('down for maintenance');
      return;
    }
    const wire = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body, asOf };
    const answer = known.protocol.handle(known.bank, wire, options.secrets[name] ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else deliver(response, answer);
  }

  return createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
}

/** The payment's number wherever a protocol puts it: for outages that concern one customer. */
function numberIn(url: URL, body: string): string {
  return /(?:payout|debit|refund)-[0-9a-z]+-[0-9a-z-]+/.exec(`${decodeURIComponent(url.pathname)} ${url.search} ${body}`)?.[0] ?? '';
}
