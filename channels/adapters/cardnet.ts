import { Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { fen } from '../../domain/money/money';
import { replyFrom, unansweredReply, unknownReply, type Codes } from './codes';
import { exchange, hmac, signatureMatches, unsigned, type ChannelLink } from '../http';
import { amountOf, assertDay, dayOf, kindOf, readLines, refused, Trailer } from '../lines';
import type { Channel, ChannelReply, PaymentOrder, StatementReader } from '../port';

/** Card network: 00 on sending means accepted, not done; only a query tells. 03–05 are in doubt by the network's own rules. */
const SEND: Codes = {
  '00': 'accepted',
  '03': 'accepted',
  '04': 'accepted',
  '05': 'accepted',
  '14': 'refused',
  '51': 'refused',
  '57': 'refused',
  C0: 'closed',
  '61': 'later',
  '96': 'later',
};
const QUERY: Codes = {
  '00': 'succeeded',
  '05': 'accepted',
  '14': 'refused',
  '51': 'refused',
  '57': 'refused',
  C0: 'closed',
  '34': 'not-found',
};
const CLOSE: Codes = { C0: 'closed', '00': 'succeeded', '05': 'accepted', '14': 'refused', '51': 'refused' };
const RETRY_AFTER_SECONDS = 600;

type Fields = Readonly<Record<string, string>>;
type Answer = { readonly kind: 'answer'; readonly fields: Fields } | { readonly kind: 'nothing-sent' | 'in-doubt'; readonly code: string };

const canonical = (fields: Fields) =>
  Object.keys(fields)
    .filter((name) => name !== 'signature')
    .sort()
    .map((name) => `${name}=${fields[name] ?? ''}`)
    .join('&');

/** One form of key=value pairs each way, both signed over their sorted pairs. */
async function call(
  link: ChannelLink,
  { path, own, asOf, signal }: { readonly path: string; readonly own: Fields; readonly asOf: string; readonly signal: AbortSignal },
): Promise<Answer> {
  const fields: Fields = { version: '5.1.0', encoding: 'UTF-8', merId: 'LOANLOOM', txnTime: asOf.slice(0, 19).replace(/\D/g, ''), ...own };
  const body = new URLSearchParams({ ...fields, signature: hmac(link.secret, canonical(fields)) }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const wire = await exchange(link, { method: 'POST', target: `/cardnet/gateway/api/${path}.do`, headers, body, asOf }, signal);
  if (wire.kind !== 'answer') return wire;
  const answer = Object.fromEntries(new URLSearchParams(wire.text));
  if (wire.status !== 200 || !signatureMatches(hmac(link.secret, canonical(answer)), answer.signature ?? null)) {
    return unsigned(wire.status);
  }
  return { kind: 'answer', fields: answer };
}

function read(
  order: PaymentOrder,
  codes: Codes,
  { answer, code, isSend }: { readonly answer: Answer; readonly code: string | undefined; readonly isSend: boolean },
): ChannelReply {
  if (answer.kind !== 'answer') return unansweredReply(answer, isSend);
  const { fields } = answer;
  if (fields.orderId === undefined || code === undefined) return unknownReply('UNREADABLE');
  return replyFrom(
    order,
    codes,
    {
      number: fields.orderId,
      code,
      ...(fields.settleAmt === undefined ? {} : { amountFen: Number(fields.settleAmt) }),
      ...(fields.accNo === undefined ? {} : { account: fields.accNo }),
      ...(fields.settleDate === undefined ? {} : { valueDate: fields.settleDate }),
      ...(fields.queryId === undefined ? {} : { channelReference: fields.queryId }),
    },
    RETRY_AFTER_SECONDS,
  );
}

const respCode = (answer: Answer) => (answer.kind === 'answer' ? answer.fields.respCode : undefined);

/** The settlement file: H, D and T records, fields divided by bars. */
const readStatement: StatementReader = (content, date) => {
  const trailer = new Trailer();
  return readLines(content, trailer, (text, index) => {
    const fields = text.split('|');
    if (index === 0) {
      if (fields[0] !== 'H') throw refused('FORM', 'the file does not begin with a header');
      assertDay(isoDay(fields[2] ?? ''), date);
      return undefined;
    }
    if (fields[0] === 'T') {
      trailer.check(Number(fields[1]), amountOf(fields[2] ?? ''));
      return undefined;
    }
    if (fields[0] !== 'D' || fields.length !== 9) throw refused('FORM', 'a record is neither detail nor trailer');
    const [, number = '', kind = '', day = '', amount = '', fee = '', code, accountTail = '', direction] = fields;
    return {
      number,
      kind: kindOf(kind),
      amount: amountOf(amount),
      fee: amountOf(fee),
      booked: code === '00',
      accountTail,
      valueDate: dayOf(isoDay(day)),
      comesIn: direction === 'C',
    };
  });
};

const isoDay = (text: string) => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;

export function createCardnet(link: ChannelLink): Channel {
  return {
    name: 'cardnet',
    async send(order, signal) {
      const fields = {
        txnType: order.kind === 'PAYOUT' ? '12' : '11',
        orderId: order.number,
        txnAmt: String(order.amount),
        currencyCode: '156',
        accNo: order.account,
        customerNm: order.accountName,
        reqReserved: order.reference,
      };
      const answer = await call(link, { path: 'backTransReq', own: fields, asOf: order.asOf, signal });
      return read(order, SEND, { answer, code: respCode(answer), isSend: true });
    },
    async query(order, signal) {
      const answer = await call(link, { path: 'queryTrans', own: { txnType: '00', orderId: order.number }, asOf: order.asOf, signal });
      // The query itself succeeded where respCode is 00: what became of the order says origRespCode.
      const code = respCode(answer) === '00' && answer.kind === 'answer' ? answer.fields.origRespCode : respCode(answer);
      return read(order, QUERY, { answer, code, isSend: false });
    },
    async close(order, signal) {
      const answer = await call(link, { path: 'backTransReq', own: { txnType: '31', orderId: order.number }, asOf: order.asOf, signal });
      return read(order, CLOSE, { answer, code: respCode(answer), isSend: false });
    },
    async recall(order, signal) {
      const answer = await call(link, { path: 'backTransReq', own: { txnType: '33', orderId: order.number }, asOf: order.asOf, signal });
      return { requested: respCode(answer) === '00', code: respCode(answer) ?? 'UNKNOWN' };
    },
    async balance(asOf, signal) {
      const answer = await call(link, { path: 'balance', own: { txnType: '73' }, asOf, signal });
      if (answer.kind !== 'answer') return { known: false, code: answer.code };
      const balance = Number(answer.fields.balance);
      return Number.isSafeInteger(balance) ? { known: true, amount: fen(balance) } : { known: false, code: 'UNREADABLE' };
    },
    async statement(date, asOf, signal) {
      const answer = await call(link, { path: 'fileTransfer', own: { txnType: '76', settleDate: date }, asOf, signal });
      if (answer.kind !== 'answer') return { state: 'UNKNOWN', code: answer.code };
      if (answer.fields.respCode !== '00') return { state: 'NOT_READY', code: answer.fields.respCode ?? 'UNREADABLE' };
      const content = Readable.from([Buffer.from(answer.fields.fileContent ?? '', 'base64')]).pipe(createInflate());
      return { state: 'READY', content };
    },
    readStatement,
  };
}
