import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BANKS, type Bank } from './banks';
import { Books, type BookEntry } from './books';
import { BEHAVIOURS, Scripts, type Script } from './scripts';

/**
 * Simulated banks behind one HTTP server, in a process of their own with books of their own. It shares
 * no code with the lender: what it believes about a payment is evidence.
 *
 * POST /<bank>/payments · GET /<bank>/payments/<number> · POST /<bank>/payments/<number>/close (signed)
 * GET /books · POST /scripts · DELETE /scripts · GET /health (for tests and demos)
 */
export interface SimulatorOptions {
  readonly secrets: Readonly<Record<string, string>>;
  readonly booksFile?: string;
}

interface PaymentRequest {
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT';
  readonly amountFen: number;
  readonly account: string;
  readonly reference: string;
  readonly asOf: string;
}

interface Exchange {
  readonly bank: Bank;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const hmac = (secret: string, ...parts: string[]) => createHmac('sha256', secret).update(parts.join('\n')).digest('hex');

/** Beijing date of an instant: the banks keep their books in local days. */
const bankDate = (asOf: string) => new Date(Date.parse(asOf) + 8 * 3_600_000).toISOString().slice(0, 10);

export function createSimulator(options: SimulatorOptions): Server {
  const books = new Books(options.booksFile);
  const scripts = new Scripts();
  const hidden = new Map<string, number>();
  const banks = new Map(BANKS.map((bank) => [bank.name, bank]));

  function isSigned(bank: Bank, request: IncomingMessage, body: string): boolean {
    const given = String(request.headers['x-signature'] ?? '');
    const timestamp = String(request.headers['x-timestamp'] ?? '');
    const expected = hmac(options.secrets[bank.name] ?? '', request.method ?? '', request.url ?? '', timestamp, body);
    return (
      Math.abs(Date.now() - Date.parse(timestamp)) < 300_000 &&
      given.length === expected.length &&
      timingSafeEqual(Buffer.from(given), Buffer.from(expected))
    );
  }

  function answer(
    { bank, response }: Exchange,
    payload: object,
    how: { status?: number; unsigned?: boolean; truncated?: boolean } = {},
  ): void {
    const body = JSON.stringify(payload);
    const timestamp = new Date().toISOString();
    const status = how.status ?? 200;
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-timestamp': timestamp,
      ...(how.unsigned ? {} : { 'x-signature': hmac(options.secrets[bank.name] ?? '', String(status), timestamp, body) }),
      ...(how.truncated ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
    });
    if (how.truncated) response.write(body.slice(0, body.length / 2), () => response.destroy());
    else response.end(body);
  }

  const receipt = (entry: BookEntry, code: string) => ({
    number: entry.number,
    code,
    amountFen: entry.amountFen,
    account: entry.account,
    valueDate: entry.valueDate,
    channelReference: `${entry.bank}-${entry.number}`,
  });

  /** Books a payment once; a number that is known already keeps its first fate. */
  function book(bank: Bank, payment: PaymentRequest, state: BookEntry['state'], reason: string): BookEntry {
    return (
      books.find(bank.name, payment.number) ??
      books.add({
        bank: bank.name,
        number: payment.number,
        kind: payment.kind,
        amountFen: payment.amountFen,
        account: payment.account,
        reference: payment.reference,
        valueDate: bankDate(payment.asOf),
        state,
        reason,
      })
    );
  }

  function replyFor(bank: Bank, entry: BookEntry, isQuery: boolean): object {
    if (entry.state === 'CLOSED') return { number: entry.number, code: bank.codes.closed };
    if (entry.state === 'REFUSED') return { number: entry.number, code: entry.reason };
    return receipt(entry, bank.doneOnQuery && !isQuery ? bank.codes.taken : bank.codes.done);
  }

  function send(exchange: Exchange, payment: PaymentRequest): void {
    const { bank, response } = exchange;
    const known = books.find(bank.name, payment.number);
    if (known) {
      answer(exchange, replyFor(bank, known, false));
      return;
    }
    const script = scripts.take({ bank: bank.name, kind: payment.kind, reference: payment.reference });
    const pay = () => replyFor(bank, book(bank, payment, 'BOOKED', 'ok'), false);
    const refuse = (code: string) => replyFor(bank, book(bank, payment, 'REFUSED', code), false);
    switch (script.behaviour) {
      case 'ok':
        answer(exchange, pay());
        break;
      case 'slow':
        setTimeout(answer, script.delayMs ?? 1_000, exchange, pay());
        break;
      case 'no-answer':
        pay();
        break;
      case 'reset':
        pay();
        response.socket?.resetAndDestroy();
        break;
      case 'truncated':
        answer(exchange, pay(), { truncated: true });
        break;
      case 'request-lost':
        response.socket?.resetAndDestroy();
        break;
      case 'error-but-paid':
        pay();
        answer(exchange, { error: 'internal' }, { status: 500, unsigned: true });
        break;
      case 'unsigned':
        answer(exchange, pay(), { unsigned: true });
        break;
      case 'unlisted-code-but-paid':
        answer(exchange, { ...pay(), code: 'X99' });
        break;
      case 'unlisted-code':
        answer(exchange, { ...refuse(bank.codes.refused), code: 'X99' });
        break;
      case 'wrong-amount':
        answer(exchange, { ...pay(), code: bank.codes.done, amountFen: payment.amountFen + 1 });
        break;
      case 'not-found-then-success':
        pay();
        hidden.set(`${bank.name}|${payment.number}`, script.queriesInVain ?? 2);
        break;
      case 'refused':
        answer(exchange, refuse(bank.codes.refused));
        break;
      case 'no-funds':
        answer(exchange, refuse(bank.codes.noFunds));
        break;
      case 'no-balance':
        answer(exchange, { number: payment.number, code: bank.codes.noBalance });
        break;
      case 'rate-limited':
        answer(exchange, { number: payment.number, code: bank.codes.rateLimited });
        break;
    }
  }

  function query(exchange: Exchange, number: string): void {
    const { bank } = exchange;
    const key = `${bank.name}|${number}`;
    const inVain = hidden.get(key) ?? 0;
    const entry = books.find(bank.name, number);
    if (inVain > 0) hidden.set(key, inVain - 1);
    if (!entry || inVain > 0) answer(exchange, { number, code: bank.codes.notFound });
    else answer(exchange, replyFor(bank, entry, true));
  }

  /** A number that was never booked is fenced: a late request for it will find it closed. */
  function close(exchange: Exchange, number: string, asOf: string): void {
    const { bank } = exchange;
    const entry =
      books.find(bank.name, number) ??
      book(bank, { number, kind: 'PAYOUT', amountFen: 0, account: '', reference: '', asOf }, 'CLOSED', 'closed');
    answer(exchange, replyFor(bank, entry, true));
  }

  function addScript(raw: Partial<Script>): string | undefined {
    if (raw.behaviour === undefined || !BEHAVIOURS.includes(raw.behaviour)) return `behaviour must be one of ${BEHAVIOURS.join(', ')}`;
    scripts.add({ ...raw, behaviour: raw.behaviour, times: raw.times ?? 1 });
    return undefined;
  }

  function control(request: IncomingMessage, response: ServerResponse, path: string, body: string): boolean {
    const json = (status: number, payload: object) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(payload));
    };
    const route = `${request.method ?? ''} ${path}`;
    if (route === 'GET /health') json(200, { status: 'ok' });
    else if (route === 'GET /books') json(200, books.report());
    else if (route === 'DELETE /scripts') {
      scripts.clear();
      json(200, {});
    } else if (route === 'POST /scripts') {
      const fault = addScript(JSON.parse(body) as Partial<Script>);
      if (fault === undefined) json(201, {});
      else json(400, { error: fault });
    } else return false;
    return true;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url ?? '/', 'http://simulator');
    if (control(request, response, url.pathname, body)) return;
    const [, bankName = '', resource, number, action] = url.pathname.split('/').map(decodeURIComponent);
    const bank = banks.get(bankName);
    if (!bank || resource !== 'payments') {
      response.writeHead(404).end();
      return;
    }
    const exchange = { bank, request, response };
    if (!isSigned(bank, request, body)) answer(exchange, { error: 'bad signature' }, { status: 401 });
    else if (request.method === 'POST' && number === undefined) send(exchange, JSON.parse(body) as PaymentRequest);
    else if (request.method === 'GET' && number !== undefined) query(exchange, number);
    else if (request.method === 'POST' && number !== undefined && action === 'close')
      close(exchange, number, url.searchParams.get('asOf') ?? new Date().toISOString());
    else response.writeHead(404).end();
  }

  return createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
}
