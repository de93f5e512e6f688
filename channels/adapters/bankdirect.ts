import { createHash } from 'node:crypto';
import { fen } from '../../domain/money/money';
import type { StatementLine } from '../../domain/reconciliation/reconciliation';
import { Batcher } from '../batcher';
import { replyFrom, unansweredReply, unknownReply, type Codes } from './codes';
import { download } from '../download';
import { exchange, hmac, signatureMatches, unsigned, type ChannelLink, type WireRequest, type WireResult } from '../http';
import { batchFile, BlockReader, blocksOf, cancellation, minorOf } from './iso20022';
import { assertDay, dayOf, kindOf, refused, Trailer } from '../lines';
import type { Channel, ChannelReply, PaymentKind, PaymentOrder, StatementReader } from '../port';

/** Bank link by files, in ISO 20022's codes: ACSC is settled, RJCT refused, PDNG and ACSP open. */
const SEND: Codes = {
  ACSC: 'succeeded',
  ACSP: 'accepted',
  ACTC: 'accepted',
  PDNG: 'accepted',
  RJCT: 'refused',
  AM04: 'refused',
  CNCL: 'closed',
  LIMT: 'later',
};
const QUERY: Codes = {
  ACSC: 'succeeded',
  ACSP: 'accepted',
  PDNG: 'accepted',
  RJCT: 'refused',
  AM04: 'refused',
  CNCL: 'closed',
  NOTF: 'not-found',
};
const CLOSE: Codes = { CNCL: 'closed', ACSC: 'succeeded', PDNG: 'accepted', RJCT: 'refused', AM04: 'refused' };
const RETRY_AFTER_SECONDS = 900;

/** Payments that are sent within this time share one file. */
const BATCH = { windowMs: 20, itemsMax: 500 } as const;

type Request = Omit<WireRequest, 'headers'>;

function signed(link: ChannelLink, request: Request): WireRequest {
  const timestamp = new Date().toISOString();
  const signature = hmac(link.secret, [request.method, request.target, timestamp, request.body ?? ''].join('\n'));
  return { ...request, headers: { 'content-type': 'application/xml', 'x-timestamp': timestamp, 'x-signature': signature } };
}

/** What the bank signs before the body of an answer. */
const signedHead = (status: number, headers: Headers) => `${String(status)}\n${headers.get('x-timestamp') ?? ''}\n`;

async function call(link: ChannelLink, request: Request, signal: AbortSignal): Promise<WireResult> {
  const wire = await exchange(link, signed(link, request), signal);
  if (wire.kind !== 'answer') return wire;
  const expected = hmac(link.secret, signedHead(wire.status, wire.headers) + wire.text);
  return signatureMatches(expected, wire.headers.get('x-signature')) ? wire : unsigned(wire.status);
}

/** This order's state in a pain.002 report. */
function read(order: PaymentOrder, codes: Codes, wire: WireResult, isSend: boolean): ChannelReply {
  if (wire.kind !== 'answer') return unansweredReply(wire, isSend);
  const state = blocksOf(wire.text, 'TxInfAndSts')?.find((each) => each.OrgnlEndToEndId === order.number);
  if (!state) return unknownReply('UNREADABLE');
  const amount = state.InstdAmt === undefined || !/^\d{1,13}\.\d\d$/.test(state.InstdAmt) ? undefined : minorOf(state.InstdAmt);
  return replyFrom(
    order,
    codes,
    {
      number: order.number,
      code: state.TxSts ?? '',
      ...(amount === undefined ? {} : { amountFen: amount }),
      ...(state.CdtrAcct === undefined ? {} : { account: state.CdtrAcct }),
      ...(state.IntrBkSttlmDt === undefined ? {} : { valueDate: state.IntrBkSttlmDt }),
      ...(state.AcctSvcrRef === undefined ? {} : { channelReference: state.AcctSvcrRef }),
    },
    RETRY_AFTER_SECONDS,
  );
}

function lineOf(fields: Readonly<Record<string, string>>): StatementLine {
  return {
    number: fields.EndToEndId ?? '',
    kind: kindOf(fields.BkTxCd ?? ''),
    amount: fen(minorOf(fields.Amt ?? '')),
    fee: fen(minorOf(fields.Chrgs ?? '0')),
    booked: fields.Sts === 'BOOK',
    accountTail: fields.AcctTail ?? '',
    valueDate: dayOf(fields.ValDt ?? ''),
    comesIn: fields.CdtDbtInd === 'CRDT',
  };
}

/** The day's camt.053, read as a stream. Its summary stands before its entries. */
const readStatement: StatementReader = async function* readCamt053(content, date) {
  const trailer = new Trailer();
  const summary: Record<string, string> = {};
  let portion: StatementLine[] = [];
  let isEmpty = true;
  const reader = new BlockReader(
    'Ntry',
    (fields) => {
      const line = lineOf(fields);
      trailer.add(line);
      portion.push(line);
    },
    (name, text) => {
      if (name === 'FrToDt') assertDay(text, date);
      summary[name] = text;
    },
  );
  for await (const chunk of content) {
    isEmpty = false;
    reader.write(String(chunk));
    if (portion.length === 0) continue;
    yield portion;
    portion = [];
  }
  if (isEmpty) throw refused('EMPTY', 'the statement is empty: a day without payments still has a summary');
  reader.close();
  if (summary.FrToDt === undefined) throw refused('FORM', 'the statement names no day');
  trailer.check(Number(summary.NbOfNtries), minorOf(summary.TtlNetNtryAmt ?? ''));
  if (portion.length > 0) yield portion;
};

export function createBankdirect(link: ChannelLink): Channel {
  const batcher = (kind: PaymentKind) =>
    new Batcher<{ order: PaymentOrder; signal: AbortSignal }, ChannelReply>(async (items) => {
      const messageId = createHash('sha256')
        .update(items.map(({ order }) => order.number).join('|'))
        .digest('hex')
        .slice(0, 35);
      const body = batchFile(
        kind,
        items.map(({ order }) => order),
        messageId,
      );
      const asOf = items[0]?.order.asOf ?? '';
      // A file goes on its way as a whole: one caller that gives up does not stop the others.
      const wire = await call(link, { method: 'POST', target: '/bankdirect/files', body, asOf }, new AbortController().signal);
      return items.map(({ order }) => read(order, SEND, wire, true));
    }, BATCH);
  const batchers = { PAYOUT: batcher('PAYOUT'), DEBIT: batcher('DEBIT') };
  return {
    name: 'bankdirect',
    send: (order, signal) => batchers[order.kind].submit({ order, signal }),
    async query(order, signal) {
      const target = `/bankdirect/status?endToEndId=${encodeURIComponent(order.number)}`;
      return read(order, QUERY, await call(link, { method: 'GET', target, asOf: order.asOf }, signal), false);
    },
    async close(order, signal) {
      const request = { method: 'POST', target: '/bankdirect/cancellations', body: cancellation(order.number), asOf: order.asOf } as const;
      return read(order, CLOSE, await call(link, request, signal), false);
    },
    async recall(order, signal) {
      const request = { method: 'POST', target: '/bankdirect/recalls', body: cancellation(order.number), asOf: order.asOf } as const;
      const wire = await call(link, request, signal);
      return wire.kind === 'answer' ? { requested: wire.status === 200, code: String(wire.status) } : { requested: false, code: wire.code };
    },
    async balance(asOf, signal) {
      const wire = await call(link, { method: 'GET', target: '/bankdirect/balance', asOf }, signal);
      if (wire.kind !== 'answer') return { known: false, code: wire.code };
      const amount = blocksOf(wire.text, 'Bal')?.[0]?.Amt;
      return amount !== undefined && /^-?\d{1,13}\.\d\d$/.test(amount)
        ? { known: true, amount: fen(minorOf(amount)) }
        : { known: false, code: 'UNREADABLE' };
    },
    statement(date, asOf, signal) {
      const request = signed(link, { method: 'GET', target: `/bankdirect/statements?date=${date}`, asOf });
      return download(link, request, signal, {
        signedHead,
        objection({ status, headers, hmac: computed }) {
          if (!signatureMatches(computed, headers.get('x-signature'))) return { state: 'UNKNOWN', code: unsigned(status).code };
          return status === 200 ? undefined : { state: 'NOT_READY', code: String(status) };
        },
      });
    },
    readStatement,
  };
}
