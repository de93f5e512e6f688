import { businessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { fen } from '../../domain/money/money';
import type { ChannelReply, PaymentOrder } from '../port';

/** What a listed code of a channel means. A code that is not listed means nothing: UNKNOWN. */
export type CodeMeaning = 'succeeded' | 'accepted' | 'refused' | 'not-found' | 'later' | 'closed';

export type Codes = Readonly<Record<string, CodeMeaning>>;

/** What an adapter read out of an authenticated answer. */
export interface ReadAnswer {
  readonly number: string;
  readonly code: string;
  readonly amountFen?: number;
  readonly account?: string;
  readonly valueDate?: string;
  readonly channelReference?: string;
}

export const unknownReply = (code: string): ChannelReply => ({ outcome: 'UNKNOWN', code });

/** A request that ended without an answer. Only sending can have failed for certain. */
export function unansweredReply(
  wire: { readonly kind: 'nothing-sent' | 'in-doubt'; readonly code: string },
  isSend: boolean,
): ChannelReply {
  return wire.kind === 'nothing-sent' && isSend
    ? { outcome: 'FAILED_DEFINITIVE', code: wire.code, nothingSent: true }
    : unknownReply(wire.code);
}

/** A success counts only for exactly what was ordered. */
function succeeded(order: PaymentOrder, answer: ReadAnswer): ChannelReply {
  if (answer.amountFen !== order.amount)
    return {
      ...unknownReply('AMOUNT_DIFFERS'),
      mismatch: 'amount',
      ...(answer.amountFen === undefined ? {} : { saidAmount: fen(answer.amountFen) }),
    };
  if (answer.account !== order.account) return { ...unknownReply('ACCOUNT_DIFFERS'), mismatch: 'account' };
  let valueDate;
  try {
    valueDate = businessDate(answer.valueDate ?? '');
  } catch (error) {
    if (error instanceof LoanloomError) return unknownReply('UNREADABLE');
    throw error;
  }
  const { code, channelReference } = answer;
  return { outcome: 'SUCCEEDED', code, valueDate, ...(channelReference === undefined ? {} : { channelReference }) };
}

/** An authenticated answer in the port's words, through the allow-list. */
export function replyFrom(order: PaymentOrder, codes: Codes, answer: ReadAnswer, retryAfterSeconds: number): ChannelReply {
  if (answer.number !== order.number) return unknownReply('UNREADABLE');
  const { code } = answer;
  const meaning = Object.hasOwn(codes, code) ? codes[code] : undefined;
  switch (meaning) {
    case 'succeeded':
      return succeeded(order, answer);
    case 'accepted':
      return { ...unknownReply(code), acknowledged: true };
    case 'not-found':
      return { ...unknownReply(code), notFound: true };
    case 'refused':
    case 'closed':
      return { outcome: 'FAILED_DEFINITIVE', code };
    case 'later':
      return { outcome: 'RETRY_SAME', code, retryAfterSeconds };
    case undefined:
      return unknownReply(code.slice(0, 32));
  }
}
