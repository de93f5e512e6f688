import type { Readable } from 'node:stream';
import type { BusinessDate, Instant } from '../domain/time/dates';
import type { Fen } from '../domain/money/money';
import type { StatementLine } from '../domain/reconciliation/reconciliation';

/**
 * What is known after talking to a channel. Every adapter maps its codes through an allow-list and says
 * UNKNOWN to everything else.
 * - SUCCEEDED: an authenticated answer with a listed final code; number, amount and account agree.
 * - FAILED_DEFINITIVE: a listed refusal in an authenticated answer, or provably nothing was sent.
 * - UNKNOWN: the money may or may not move: ask again by the same number, never send elsewhere.
 * - RETRY_SAME: not taken for now (rate limit, channel balance): the same number over the same channel later.
 */
export type Outcome = 'SUCCEEDED' | 'FAILED_DEFINITIVE' | 'UNKNOWN' | 'RETRY_SAME';

export type PaymentKind = 'PAYOUT' | 'DEBIT';

/** One attempt as the channel sees it. `number` is ours and unique per channel; `asOf` is business time. */
export interface PaymentOrder {
  readonly number: string;
  readonly kind: PaymentKind;
  readonly amount: Fen;
  readonly currency: 'CNY';
  readonly account: string;
  readonly accountName: string;
  /** End-to-end reference: the loan's id. */
  readonly reference: string;
  readonly asOf: Instant;
}

export interface ChannelReply {
  readonly outcome: Outcome;
  /** The channel's own code, or ours in capitals where there was none (TIMEOUT, UNSIGNED …). */
  readonly code: string;
  /** UNKNOWN only: the channel has taken the order and is working on it. */
  readonly acknowledged?: boolean;
  /** UNKNOWN only: the channel does not know the number. Not a failure: it may still be on its way. */
  readonly notFound?: boolean;
  /** UNKNOWN only: the channel names another amount or account than was ordered. A person has to look. */
  readonly mismatch?: 'amount' | 'account' | 'value date';
  /** With a mismatch of the amount: what the channel says that it moved. */
  readonly saidAmount?: Fen;
  /** FAILED_DEFINITIVE only: not one byte reached the channel, so it may be tried again over the same one. */
  readonly nothingSent?: boolean;
  /** SUCCEEDED only: the date on which the channel booked it. */
  readonly valueDate?: BusinessDate;
  readonly channelReference?: string;
  /** RETRY_SAME only. */
  readonly retryAfterSeconds?: number;
}

export type BalanceReply = { readonly known: true; readonly amount: Fen } | { readonly known: false; readonly code: string };

/**
 * The day's file. READY: authenticated; its lines still have to be verified against its trailer while
 * they are read. NOT_READY: come back later. UNKNOWN: no authenticated answer.
 */
export type FileReply =
  { readonly state: 'READY'; readonly content: Readable } | { readonly state: 'NOT_READY' | 'UNKNOWN' | 'REFUSED'; readonly code: string };

/** The lines of a file, in portions; FILE_REFUSED as soon as it is cut short, for another day, or its trailer disagrees. */
export type StatementReader = (content: Readable, date: BusinessDate) => AsyncIterable<readonly StatementLine[]>;

/**
 * A way to move money. No method throws for what a channel or a network does: that is an outcome.
 * `send` may be repeated only with the same order; `close` asks the channel never to execute a number,
 * and FAILED_DEFINITIVE from it is the fence that turns "not found" into "failed". `recall` asks for a
 * payment back that was made against our will; the money returns as a line of a later file.
 */
export interface Channel {
  readonly name: string;
  send(order: PaymentOrder, signal: AbortSignal): Promise<ChannelReply>;
  query(order: PaymentOrder, signal: AbortSignal): Promise<ChannelReply>;
  close(order: PaymentOrder, signal: AbortSignal): Promise<ChannelReply>;
  recall(order: PaymentOrder, signal: AbortSignal): Promise<{ readonly requested: boolean; readonly code: string }>;
  balance(asOf: Instant, signal: AbortSignal): Promise<BalanceReply>;
  statement(date: BusinessDate, asOf: Instant, signal: AbortSignal): Promise<FileReply>;
  readonly readStatement: StatementReader;
}

/** READY: authenticated. Anything else is no statement yet: a failure is not an absence, and the day stays open. */
export type BankStatement =
  { readonly state: 'READY'; readonly nets: ReadonlyMap<string, number> } | { readonly state: 'UNAVAILABLE'; readonly code: string };

/** The settlement account's statement: what each channel settled on a day, net. */
export interface HouseBank {
  statement(date: BusinessDate, asOf: Instant, signal: AbortSignal): Promise<BankStatement>;
}

/** The channel for the next attempt; or when one may be free; or NONE: every one has provably refused. */
export type Route =
  { readonly next: 'SEND'; readonly channel: string } | { readonly next: 'WAIT'; readonly until: Instant } | { readonly next: 'NONE' };
