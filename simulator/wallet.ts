import { createHash, randomBytes } from 'node:crypto';
import type { Bank, FileLine, PaymentRequest, Standing } from './bank';
import { equals, hmac, netOf, nextDay, spoil, type Protocol, type WireAnswer, type WireRequest } from './protocol';

/**
 * A third-party wallet in the shape of such APIs: JSON over REST, requests and answers signed in headers,
 * errors by HTTP status with a code, webhooks, a daily bill as CSV behind a link with its hash.
 */
interface Receipt {
  readonly status: number;
  readonly body: object;
}

const REASON = { refused: 'ACCOUNT_CLOSED', 'no-funds': 'NO_FUNDS' } as const;

function receiptOf(number: string, standing: Standing): Receipt {
  switch (standing.is) {
    case 'done':
    case 'taken':
      return {
        status: 200,
        body: {
          out_bill_no: number,
          transfer_bill_no: `w${number}`,
          state: standing.is === 'done' ? 'SUCCESS' : 'PROCESSING',
          amount: { total: standing.entry.amountFen, currency: 'CNY' },
          receiver_account: standing.entry.account,
          success_date: standing.entry.valueDate,
        },
      };
    case 'refused':
      return { status: 200, body: { out_bill_no: number, state: 'FAIL', fail_reason: REASON[standing.reason] } };
    case 'closed':
      return { status: 200, body: { out_bill_no: number, state: 'CLOSED' } };
    case 'not-found':
      return { status: 404, body: { code: 'NOT_FOUND', message: 'no such bill', out_bill_no: number } };
    case 'no-balance':
      return { status: 403, body: { code: 'NOT_ENOUGH', message: 'balance', out_bill_no: number } };
    case 'rate-limited':
      return { status: 429, body: { code: 'FREQUENCY_LIMITED', message: 'slow down', out_bill_no: number } };
    case 'unlisted':
      return { status: 200, body: { out_bill_no: number, state: 'X99' } };
  }
}

const quoted = (value: string | number) => `\`${String(value)}`;

function bill(date: string, all: FileLine[], fault: string | undefined): string {
  const { lines, countOff, sumOff } = spoil(all, fault);
  const day = fault === 'wrong-day' ? nextDay(date) : date;
  const rows = lines.map((line) =>
    [
      line.valueDate,
      line.number,
      line.kind,
      line.amountFen,
      line.feeFen,
      line.booked ? 'SUCCESS' : 'FAIL',
      line.accountTail,
      line.comesIn ? 'IN' : 'OUT',
    ]
      .map(quoted)
      .join(','),
  );
  const text = [
    `bill,${day}`,
    'date,out_bill_no,kind,amount_fen,fee_fen,state,account_tail,direction',
    ...rows,
    'count,net_fen',
    `${quoted(all.length + countOff)},${quoted(netOf(all) + sumOff)}`,
    '',
  ].join('\n');
  return fault === 'truncated' ? text.slice(0, text.lastIndexOf('count,')) : text;
}

function isSigned(request: WireRequest, secret: string): boolean {
  const fields = /^LL-HMAC-SHA256 timestamp="([^"]+)",nonce="([^"]+)",signature="([^"]+)"$/.exec(request.headers.authorization ?? '');
  if (!fields) return false;
  const [, timestamp = '', nonce = '', signature = ''] = fields;
  const target = `${request.path}${request.query.size === 0 ? '' : `?${request.query.toString()}`}`;
  const expected = hmac(secret, [request.method, target, timestamp, nonce, request.body, ''].join('\n'));
  return Math.abs(Date.now() / 1_000 - Number(timestamp)) < 300 && equals(expected, signature);
}

function signed(secret: string, status: number, body: string, type = 'application/json'): WireAnswer {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const nonce = randomBytes(8).toString('hex');
  const signature = hmac(secret, [String(status), timestamp, nonce, body, ''].join('\n'));
  return {
    status,
    headers: { 'content-type': type, 'wallet-timestamp': timestamp, 'wallet-nonce': nonce, 'wallet-signature': signature },
    body,
    delivery: {},
  };
}

function paymentOf(body: string, kind: PaymentRequest['kind']): PaymentRequest {
  const raw = JSON.parse(body) as { out_bill_no: string; amount: { total: number }; account: { no: string }; remark: string };
  return { number: raw.out_bill_no, kind, amountFen: raw.amount.total, account: raw.account.no, reference: raw.remark };
}

function file(bank: Bank, request: WireRequest, secret: string): WireAnswer {
  const date = request.query.get('bill_date') ?? '';
  const isLink = !request.path.endsWith('/download');
  const fault = isLink ? undefined : bank.fileFault(date);
  if (!bank.isFileReady(date, request.asOf) || fault === 'late') return signed(secret, 404, JSON.stringify({ code: 'NO_STATEMENT_EXIST' }));
  if (fault === 'missing') return signed(secret, 404, JSON.stringify({ code: 'NO_STATEMENT_EXIST' }));
  if (isLink) return signed(secret, 200, JSON.stringify({ download_url: `/wallet/v3/bills/download?bill_date=${date}` }));
  const good = fault === 'empty' ? '' : bill(date, bank.linesOf(date), fault === 'edited' ? undefined : fault);
  const hash = createHash('sha256').update(good).digest('hex');
  const answer = signed(secret, 200, hash, 'text/csv');
  // The signature covers the hash; the body may have been spoilt after it.
  const body = fault === 'edited' ? bill(date, bank.linesOf(date), 'edited') : good;
  return {
    ...answer,
    headers: { ...answer.headers, 'wallet-bill-sha256': hash },
    body,
    delivery: fault === 'unsigned' ? { fault: 'unsigned' } : {},
  };
}

export const walletProtocol: Protocol = {
  habits: {
    name: 'wallet',
    isDoneOnQuery: false,
    fileAfterHours: 9,
    feeFen: (kind, amountFen) => (kind === 'PAYOUT' ? 50 : Math.min(75, Math.max(20, Math.round(amountFen / 10_000)))),
  },
  handle(bank, request, secret) {
    const [, , , resource = '', , number = '', action = ''] = request.path.split('/').map(decodeURIComponent);
    const answer = ({ status, body }: Receipt) => signed(secret, status, JSON.stringify(body));
    if (!isSigned(request, secret)) return answer({ status: 401, body: { code: 'SIGN_ERROR', message: 'bad signature' } });
    const route = `${request.method} ${resource}${number === '' ? '' : ' number'}${action === '' ? '' : ` ${action}`}`;
    switch (route) {
      case 'POST transfers':
      case 'POST deductions': {
        const payment = paymentOf(request.body, resource === 'transfers' ? 'PAYOUT' : 'DEBIT');
        const { standing, delivery } = bank.send(payment, request.asOf);
        return { ...answer(receiptOf(payment.number, standing)), delivery };
      }
      case 'GET bills number':
        return answer(receiptOf(number, bank.query(number, request.asOf)));
      case 'POST bills number cancel':
        return answer(receiptOf(number, bank.close(number, request.asOf)));
      case 'POST bills number recall':
        return answer({
          status: bank.recall(number, request.asOf) === 'accepted' ? 200 : 404,
          body: { out_bill_no: number, state: 'RECALLING' },
        });
      case 'GET balance':
        return answer({ status: 200, body: { available_amount: bank.balanceFen(request.asOf) } });
      case 'GET bills':
        return file(bank, request, secret);
      default:
        return request.path.startsWith('/wallet/v3/bills/download') ? file(bank, request, secret) : undefined;
    }
  },
};
