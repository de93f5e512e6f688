import type { ServerResponse } from 'node:http';
import type { Bank } from './bank';
import type { Books } from './books';
import { SIGNING_BEHAVIOURS, SIGNING_SERVICES, type SigningBehaviour, type SigningDesk, type SigningService } from './ca/desk';
import type { HouseBank } from './house-bank';
import { SOURCE_BEHAVIOURS, SOURCE_NAMES, type IdentityDesk, type SourceBehaviour, type SourceName } from './identity/sources';
import { BEHAVIOURS, FILE_FAULTS, type FileFault, type LineFault, type Outage, type Script, type Scripts } from './scripts';
import type { Webhooks } from './webhooks';

interface Controlled {
  readonly books: Books;
  readonly scripts: Scripts;
  readonly webhooks: Webhooks;
  readonly houseBank: HouseBank;
  readonly identity: IdentityDesk;
  readonly signing: SigningDesk;
  readonly banks: ReadonlyMap<string, Bank>;
}

type Handler = (input: Record<string, unknown>) => unknown;

class Refused extends Error {}

function text(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw new Refused(what);
  return value;
}

const date = (value: unknown) => text(value, /^\d{4}-\d\d-\d\d$/, 'date must be YYYY-MM-DD');

function fenOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) <= 0) throw new Refused('amountFen must be a whole number of fen above 0');
  return Number(value);
}

const sourceOf = (name: unknown): SourceName => {
  const source = SOURCE_NAMES.find((each) => each === name);
  if (!source) throw new Refused(`source must be one of ${SOURCE_NAMES.join(', ')}`);
  return source;
};

function identityRoutes(identity: IdentityDesk): Readonly<Record<string, Handler>> {
  return {
    'GET /identity/questions': () => identity.questions,
    'POST /identity/people': (raw) => {
      identity.register.enter({
        name: text(raw.name, /^.{1,100}$/u, 'name must be a text'),
        idNumber: text(raw.idNumber, /^\d{17}[\dX]$/, 'idNumber must have 18 places'),
        phone: text(raw.phone, /^\d{11}$/, 'phone must have 11 digits'),
        cardNumber: text(raw.cardNumber, /^\d{13,19}$/, 'cardNumber must have 13 to 19 digits'),
      });
      return {};
    },
    'POST /identity/scripts': (raw) => {
      if (!SOURCE_BEHAVIOURS.includes(raw.behaviour as SourceBehaviour))
        throw new Refused(`behaviour must be one of ${SOURCE_BEHAVIOURS.join(', ')}`);
      identity.script({
        source: sourceOf(raw.source),
        behaviour: raw.behaviour as SourceBehaviour,
        times: Number(raw.times ?? 1),
        ...(typeof raw.action === 'string' ? { action: raw.action } : {}),
      });
      return {};
    },
    'POST /identity/outages': (raw) => {
      identity.goOut(
        sourceOf(raw.source),
        text(raw.until, /^\d{4}-\d\d-\d\dT.+Z$/, 'until must be an instant such as 2026-12-01T08:00:00Z'),
      );
      return {};
    },
    'POST /identity/register': (raw) => {
      identity.register.isOpen = raw.isOpen !== false;
      return {};
    },
  };
}

const serviceOf = (name: unknown): SigningService => {
  const service = SIGNING_SERVICES.find((each) => each === name);
  if (!service) throw new Refused(`service must be one of ${SIGNING_SERVICES.join(', ')}`);
  return service;
};

function signingRoutes(signing: SigningDesk): Readonly<Record<string, Handler>> {
  return {
    'GET /ca/issued': () => signing.issued,
    'POST /ca/scripts': (raw) => {
      if (!SIGNING_BEHAVIOURS.includes(raw.behaviour as SigningBehaviour))
        throw new Refused(`behaviour must be one of ${SIGNING_BEHAVIOURS.join(', ')}`);
      signing.script({ service: serviceOf(raw.service), behaviour: raw.behaviour as SigningBehaviour, times: Number(raw.times ?? 1) });
      return {};
    },
    'POST /ca/outages': (raw) => {
      signing.goOut(
        serviceOf(raw.service),
        text(raw.until, /^\d{4}-\d\d-\d\dT.+Z$/, 'until must be an instant such as 2026-12-01T08:00:00Z'),
      );
      return {};
    },
    'POST /ca/revocations': (raw) => {
      signing.revoke(text(raw.serial, /^[0-9a-f]{2,40}$/, 'serial must be hexadecimal digits'));
      return {};
    },
  };
}

/**
 * What tests, demos and the simulation may tell the banks, as JSON:
 * GET /health · GET /books · GET /webhooks (undelivered ones) · POST /scripts · DELETE /scripts ·
 * POST /outages · POST /file-faults · POST /line-faults · POST /house-bank-faults · POST /house-bank-outages ·
 * POST /foreign-entries · POST /returns · POST /openings; of identity sources GET /identity/questions · POST /identity/people ·
 * POST /identity/scripts · POST /identity/outages · POST /identity/register (open, or closed to whom it does not know);
 * of the signing world GET /ca/issued · POST /ca/scripts · POST /ca/outages · POST /ca/revocations.
 */
export class Control {
  private readonly routes: Readonly<Record<string, Handler>>;

  constructor({ books, scripts, webhooks, houseBank, identity, signing, banks }: Controlled) {
    const bankOf = (name: unknown): Bank => {
      const bank = banks.get(String(name));
      if (!bank) throw new Refused(`bank must be one of ${[...banks.keys()].join(', ')}`);
      return bank;
    };
    this.routes = {
      ...identityRoutes(identity),
      ...signingRoutes(signing),
      'GET /health': () => ({ status: 'ok' }),
      'GET /books': () => books.report(),
      'GET /webhooks': () => webhooks.take(),
      'DELETE /scripts': () => {
        for (const each of [scripts, houseBank, identity, signing]) each.clear();
        return {};
      },
      'POST /scripts': (raw) => {
        const script = raw as Partial<Script>;
        if (script.behaviour === undefined || !BEHAVIOURS.includes(script.behaviour))
          throw new Refused(`behaviour must be one of ${BEHAVIOURS.join(', ')}`);
        if (script.bank !== undefined) bankOf(script.bank);
        scripts.add({ ...script, behaviour: script.behaviour, times: script.times ?? 1 });
        return {};
      },
      'POST /outages': (raw) => {
        bankOf(raw.bank);
        text(raw.until, /^\d{4}-\d\d-\d\dT.+Z$/, 'until must be an instant such as 2026-12-01T08:00:00Z');
        scripts.addOutage(raw as unknown as Outage);
        return {};
      },
      'POST /file-faults': (raw) => {
        bankOf(raw.bank);
        if (!FILE_FAULTS.includes(raw.fault as FileFault)) throw new Refused(`fault must be one of ${FILE_FAULTS.join(', ')}`);
        scripts.addFileFault({
          bank: String(raw.bank),
          date: date(raw.date),
          fault: raw.fault as FileFault,
          times: Number(raw.times ?? 1),
        });
        return {};
      },
      'POST /line-faults': (raw) => {
        bankOf(raw.bank);
        scripts.lineFaults.push(raw as unknown as LineFault);
        return {};
      },
      'POST /house-bank-faults': (raw) => {
        houseBank.misstate(bankOf(raw.bank).name, date(raw.date), raw.offFen === undefined ? null : Number(raw.offFen));
        return {};
      },
      'POST /house-bank-outages': (raw) => {
        houseBank.goOut(text(raw.until, /^\d{4}-\d\d-\d\dT.+Z$/, 'until must be an instant such as 2026-12-01T08:00:00Z'));
        return {};
      },
      'POST /foreign-entries': (raw) =>
        books.add({
          bank: bankOf(raw.bank).name,
          number: text(raw.number, /^[\w-]{1,64}$/, 'number must be letters, digits and hyphens'),
          kind: raw.kind === 'PAYOUT' ? 'PAYOUT' : 'DEBIT',
          amountFen: fenOf(raw.amountFen),
          account: '6222020000000009999',
          reference: 'foreign',
          valueDate: date(raw.date),
          state: 'BOOKED',
          reason: 'foreign',
        }),
      'POST /openings': (raw) => {
        scripts.openings.set(bankOf(raw.bank).name, fenOf(raw.amountFen));
        return {};
      },
      'POST /returns': (raw) => ({ result: bankOf(raw.bank).recall(String(raw.number), String(raw.asOf)) }),
    };
  }

  /** False where the request is not for the control. */
  handle(method: string, url: URL, body: string, response: ServerResponse): boolean {
    const route = this.routes[`${method} ${url.pathname}`];
    if (!route) return false;
    const json = (status: number, payload: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(payload));
    };
    try {
      json(method === 'POST' ? 201 : 200, route(body === '' ? {} : (JSON.parse(body) as Record<string, unknown>)));
    } catch (error) {
      json(400, { error: error instanceof Refused || error instanceof SyntaxError ? error.message : 'not understood' });
    }
    return true;
  }
}
