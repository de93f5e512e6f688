import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { fen } from '../../domain/money/money';
import { replyFrom, unansweredReply, unknownReply, type Codes } from './codes';
import { download } from '../download';
import { exchange, hmac, json, signatureMatches, unsigned, type ChannelLink, type WireRequest, type WireResult } from '../http';
import { amountOf, assertDay, dayOf, kindOf, readLines, refused, Trailer } from '../lines';
import type { Channel, ChannelReply, PaymentOrder, StatementReader } from '../port';

/** Third-party wallet: answers at once when it can; NOT_FOUND is not a failure; balance and rate limits come back later. */
const SEND: Codes = {
  SUCCESS: 'succeeded',
  PROCESSING: 'accepted',
  ACCOUNT_CLOSED: 'refused',
  NO_FUNDS: 'refused',
  RISK_REJECTED: 'refused',
  CLOSED: 'closed',
  NOT_ENOUGH: 'later',
  FREQUENCY_LIMITED: 'later',
};
const QUERY: Codes = {
  SUCCESS: 'succeeded',
  PROCESSING: 'accepted',
  ACCOUNT_CLOSED: 'refused',
  NO_FUNDS: 'refused',
  RISK_REJECTED: 'refused',
  CLOSED: 'closed',
  NOT_FOUND: 'not-found',
};
const CLOSE: Codes = {
  CLOSED: 'closed',
  SUCCESS: 'succeeded',
  PROCESSING: 'accepted',
  ACCOUNT_CLOSED: 'refused',
  NO_FUNDS: 'refused',
  RISK_REJECTED: 'refused',
};
const RETRY_AFTER_SECONDS = 300;

const answerSchema = z.object({
  out_bill_no: z.string().max(64),
  state: z.string().max(32).optional(),
  fail_reason: z.string().max(32).optional(),
  code: z.string().max(32).optional(),
  transfer_bill_no: z.string().max(140).optional(),
  amount: z.object({ total: z.int() }).optional(),
  receiver_account: z.string().max(40).optional(),
  success_date: z.string().max(10).optional(),
});

interface Request {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly body?: object;
  readonly asOf: string;
}

/** A request signed in its Authorization header. */
function signed(link: ChannelLink, { method, target, asOf, ...request }: Request): WireRequest {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const nonce = randomBytes(8).toString('hex');
  const body = request.body === undefined ? '' : JSON.stringify(request.body);
  const signature = hmac(link.secret, [method, target, timestamp, nonce, body, ''].join('\n'));
  return {
    method,
    target,
    asOf,
    headers: {
      'content-type': 'application/json',
      authorization: `LL-HMAC-SHA256 timestamp="${timestamp}",nonce="${nonce}",signature="${signature}"`,
    },
    ...(body === '' ? {} : { body }),
  };
}

/** Whether the wallet signed this: an answer by its text, a bill by the text of its hash. */
function isSigned(link: ChannelLink, status: number, headers: Headers, text: string): boolean {
  const parts = [String(status), headers.get('wallet-timestamp') ?? '', headers.get('wallet-nonce') ?? '', text, ''];
  return signatureMatches(hmac(link.secret, parts.join('\n')), headers.get('wallet-signature'));
}

async function call(link: ChannelLink, request: Request, signal: AbortSignal): Promise<WireResult> {
  const wire = await exchange(link, signed(link, request), signal);
  if (wire.kind !== 'answer') return wire;
  return isSigned(link, wire.status, wire.headers, wire.text) ? wire : unsigned(wire.status);
}

function read(order: PaymentOrder, codes: Codes, wire: WireResult, isSend: boolean): ChannelReply {
  if (wire.kind !== 'answer') return unansweredReply(wire, isSend);
  const parsed = answerSchema.safeParse(json(wire.text));
  if (!parsed.success) return unknownReply('UNREADABLE');
  const { data } = parsed;
  const code = data.state === 'FAIL' ? (data.fail_reason ?? 'FAIL') : (data.state ?? data.code ?? `HTTP_${String(wire.status)}`);
  const answer = {
    number: data.out_bill_no,
    code,
    ...(data.amount === undefined ? {} : { amountFen: data.amount.total }),
    ...(data.receiver_account === undefined ? {} : { account: data.receiver_account }),
    ...(data.success_date === undefined ? {} : { valueDate: data.success_date }),
    ...(data.transfer_bill_no === undefined ? {} : { channelReference: data.transfer_bill_no }),
  };
  return replyFrom(order, codes, answer, RETRY_AFTER_SECONDS);
}

const unquoted = (text = '') => (text.startsWith('`') ? text.slice(1) : text);

/** The daily bill: a CSV whose fields begin with a backtick, a title line before, count and net after. */
const readStatement: StatementReader = (content, date) => {
  const trailer = new Trailer();
  let isSummary = false;
  return readLines(content, trailer, (text, index) => {
    const fields = text.split(',').map(unquoted);
    if (index === 0) {
      if (fields[0] !== 'bill') throw refused('FORM', 'the file is no bill of the wallet');
      assertDay(fields[1] ?? '', date);
      return undefined;
    }
    if (text.startsWith('date,')) return undefined;
    if (text.startsWith('count,')) {
      isSummary = true;
      return undefined;
    }
    if (isSummary) {
      trailer.check(Number(fields[0]), amountOf(fields[1] ?? ''));
      return undefined;
    }
    const [day = '', number = '', kind = '', amount = '', fee = '', state, accountTail = '', direction] = fields;
    return {
      number,
      kind: kindOf(kind),
      amount: amountOf(amount),
      fee: amountOf(fee),
      booked: state === 'SUCCESS',
      accountTail,
      valueDate: dayOf(day),
      comesIn: direction === 'IN',
    };
  });
};

export function createWallet(link: ChannelLink): Channel {
  const bill = (number: string, action = '') => `/wallet/v3/bills/out-bill-no/${encodeURIComponent(number)}${action}`;
  return {
    name: 'wallet',
    async send(order, signal) {
      const target = order.kind === 'PAYOUT' ? '/wallet/v3/transfers' : '/wallet/v3/deductions';
      const body = {
        out_bill_no: order.number,
        amount: { total: order.amount, currency: order.currency },
        account: { no: order.account, name: order.accountName },
        remark: order.reference,
      };
      return read(order, SEND, await call(link, { method: 'POST', target, body, asOf: order.asOf }, signal), true);
    },
    query: async (order, signal) =>
      read(order, QUERY, await call(link, { method: 'GET', target: bill(order.number), asOf: order.asOf }, signal), false),
    close: async (order, signal) =>
      read(order, CLOSE, await call(link, { method: 'POST', target: bill(order.number, '/cancel'), asOf: order.asOf }, signal), false),
    async recall(order, signal) {
      const wire = await call(link, { method: 'POST', target: bill(order.number, '/recall'), asOf: order.asOf }, signal);
      return wire.kind === 'answer' ? { requested: wire.status === 200, code: String(wire.status) } : { requested: false, code: wire.code };
    },
    async balance(asOf, signal) {
      const wire = await call(link, { method: 'GET', target: '/wallet/v3/balance', asOf }, signal);
      if (wire.kind !== 'answer') return { known: false, code: wire.code };
      const parsed = z.object({ available_amount: z.int() }).safeParse(json(wire.text));
      return parsed.success ? { known: true, amount: fen(parsed.data.available_amount) } : { known: false, code: 'UNREADABLE' };
    },
    async statement(date, asOf, signal) {
      const listed = await call(link, { method: 'GET', target: `/wallet/v3/bills?bill_date=${date}`, asOf }, signal);
      if (listed.kind !== 'answer') return { state: 'UNKNOWN', code: listed.code };
      const parsed = z.object({ download_url: z.string().startsWith('/wallet/') }).safeParse(json(listed.text));
      if (!parsed.success) return { state: 'NOT_READY', code: 'NO_STATEMENT_EXIST' };
      return download(link, signed(link, { method: 'GET', target: parsed.data.download_url, asOf }), signal, {
        signedHead: () => '',
        objection({ status, headers, sha256 }) {
          const stated = headers.get('wallet-bill-sha256') ?? '';
          if (!isSigned(link, status, headers, stated)) return { state: 'UNKNOWN', code: unsigned(status).code };
          return sha256 === stated ? undefined : { state: 'REFUSED', code: 'HASH' };
        },
      });
    },
    readStatement,
  };
}
