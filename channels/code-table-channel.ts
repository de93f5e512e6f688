import { z } from 'zod';
import { businessDate } from '../domain/dates';
import type { Channel, ChannelReply, PaymentOrder } from './port';
import { signedRequest, type SignedHttpOptions, type WireResult } from './signed-http';

/** What a listed code of a channel means. A code that is not listed means nothing: UNKNOWN. */
export type CodeMeaning = 'succeeded' | 'accepted' | 'refused' | 'not-found' | 'later' | 'closed';

/** A channel's habits as data: its codes per kind of answer, and how long "later" is. */
export interface CodeTable {
  readonly name: string;
  readonly send: Readonly<Record<string, CodeMeaning>>;
  readonly query: Readonly<Record<string, CodeMeaning>>;
  readonly close: Readonly<Record<string, CodeMeaning>>;
  readonly retryAfterSeconds: number;
}

const answerSchema = z.object({
  number: z.string(),
  code: z.string().max(32),
  amountFen: z.int().optional(),
  account: z.string().optional(),
  valueDate: z.string().optional(),
  channelReference: z.string().max(140).optional(),
});

const unknown = (code: string): ChannelReply => ({ outcome: 'UNKNOWN', code });

/** A success counts only for exactly what was ordered. */
function succeeded(order: PaymentOrder, answer: z.output<typeof answerSchema>): ChannelReply {
  if (answer.amountFen !== order.amount || answer.account !== order.account || answer.valueDate === undefined) return unknown('MISMATCH');
  return {
    outcome: 'SUCCEEDED',
    code: answer.code,
    valueDate: businessDate(answer.valueDate),
    ...(answer.channelReference === undefined ? {} : { channelReference: answer.channelReference }),
  };
}

function read(
  order: PaymentOrder,
  codes: Readonly<Record<string, CodeMeaning>>,
  table: CodeTable,
  wire: WireResult,
  isSend: boolean,
): ChannelReply {
  if (wire.kind === 'nothing-sent') return { outcome: isSend ? 'FAILED_DEFINITIVE' : 'UNKNOWN', code: wire.code };
  if (wire.kind === 'in-doubt') return unknown(wire.code);
  const parsed = answerSchema.safeParse(wire.body);
  if (!parsed.success || parsed.data.number !== order.number) return unknown('UNREADABLE');
  const { code } = parsed.data;
  const meaning = Object.hasOwn(codes, code) ? codes[code] : undefined;
  switch (meaning) {
    case 'succeeded':
      return succeeded(order, parsed.data);
    case 'accepted':
      return { ...unknown(code), acknowledged: true };
    case 'not-found':
      return { ...unknown(code), notFound: true };
    case 'refused':
    case 'closed':
      return { outcome: 'FAILED_DEFINITIVE', code };
    case 'later':
      return { outcome: 'RETRY_SAME', code, retryAfterSeconds: table.retryAfterSeconds };
    case undefined:
      return unknown(code);
  }
}

/** A channel that speaks the signed JSON protocol; what differs between such channels is their code table. */
export function createCodeTableChannel(table: CodeTable, http: SignedHttpOptions): Channel {
  const path = (suffix = '') => `/${table.name}/payments${suffix}`;
  const one = (order: PaymentOrder, suffix = '') =>
    path(`/${encodeURIComponent(order.number)}${suffix}?asOf=${encodeURIComponent(order.asOf)}`);
  return {
    name: table.name,
    send: async (order, signal) =>
      read(order, table.send, table, await signedRequest(http, { method: 'POST', path: path(), body: toWire(order) }, signal), true),
    query: async (order, signal) =>
      read(order, table.query, table, await signedRequest(http, { method: 'GET', path: one(order) }, signal), false),
    close: async (order, signal) =>
      read(order, table.close, table, await signedRequest(http, { method: 'POST', path: one(order, '/close') }, signal), false),
  };
}

function toWire(order: PaymentOrder): object {
  return {
    number: order.number,
    kind: order.kind,
    amountFen: order.amount,
    currency: order.currency,
    account: order.account,
    name: order.accountName,
    reference: order.reference,
    asOf: order.asOf,
  };
}
