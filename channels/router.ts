import type { Route } from './port';
import type { ChannelDecision, ChannelHealth } from '../domain/payment/channel-health';
import { agreedFee } from '../domain/payment/channel-fees';
import { businessDateOf, instant, localTime, type Instant } from '../domain/time/dates';
import type { PaymentKind } from './port';
import type { ChannelRules } from './rules';

/** What the router knows about one instruction's past: attempts in order, all of them proved failed. */
export interface TriedChannel {
  readonly channel: string;
  /** Not one byte reached the channel: it has refused nothing and may be tried again. */
  readonly nothingSent: boolean;
  readonly at: Instant;
}

export interface Candidate {
  readonly name: string;
  readonly rules: ChannelRules;
  readonly health: ChannelHealth;
  readonly decision: ChannelDecision | null;
}

export interface RoutingInput {
  /** In the order of preference while nothing speaks for another. */
  readonly channels: readonly Candidate[];
  readonly tried: readonly TriedChannel[];
  readonly preferred: string | null;
  readonly kind: PaymentKind;
  readonly amount: number;
  /** The first six digits of the borrower's card: its issuer. */
  readonly cardPrefix: string;
  readonly now: Instant;
}

const MINUTE_MS = 60_000;
const LATER_REST_MS = 5 * MINUTE_MS;
/** By then the balance has been read again. */
const BALANCE_REST_MS = 10 * MINUTE_MS;
const BACKOFF_MAX_MS = 60 * MINUTE_MS;
/** Fewer sends than this say nothing about a channel. */
const SENDS_MIN = 10;
const UNKNOWN_SHARE_MAX = 0.3;

const after = (at: Instant, ms: number): Instant => instant(Date.parse(at) + ms);

/** Until when a channel rests for this instruction after sends that reached nobody: 1, 2, 4 … 60 minutes. */
function restsUntil(name: string, tried: readonly TriedChannel[]): Instant | null {
  const unsent = tried.filter((attempt) => attempt.channel === name && attempt.nothingSent);
  const last = unsent.at(-1);
  return last ? after(last.at, Math.min(BACKOFF_MAX_MS, MINUTE_MS * 2 ** (unsent.length - 1))) : null;
}

/** Why a channel cannot take this payment: never (null), or not before a moment. Undefined: it can. */
function obstacle(candidate: Candidate, input: RoutingInput): { until: Instant | null } | undefined {
  const { rules, health, decision, name } = candidate;
  const { now, tried } = input;
  if (tried.some((attempt) => attempt.channel === name && !attempt.nothingSent)) return { until: null };
  const servesCard = rules.cardPrefixes === null || rules.cardPrefixes.some((prefix) => input.cardPrefix.startsWith(prefix));
  if (!rules.kinds.includes(input.kind) || !servesCard || input.amount > rules.amountMax) return { until: null };
  const isDisabled = decision !== null && !decision.enabled && (decision.until === null || now < decision.until);
  if (isDisabled) return { until: decision.until ?? after(now, BACKOFF_MAX_MS) };
  const time = localTime(now);
  if (time < rules.window.from || time >= rules.window.to || health.sentTodayFen + input.amount > rules.dailyMax)
    return { until: after(now, BACKOFF_MAX_MS) };
  const isShort = input.kind === 'PAYOUT' && health.spendableFen !== null && health.spendableFen < input.amount;
  if (isShort) return { until: after(now, BALANCE_REST_MS) };
  const rests = restsUntil(name, tried);
  if (rests !== null && now < rests) return { until: rests };
  const laterUntil = health.laterAt === null ? null : after(health.laterAt, LATER_REST_MS);
  return laterUntil !== null && now < laterUntil ? { until: laterUntil } : undefined;
}

/**
 * Less is better: channels that leave us in doubt come last, whatever they cost; among sound ones success,
 * speed and cost decide, in steps coarse enough that a single answer does not turn the order.
 */
function rank({ name, health }: Candidate, input: RoutingInput): readonly number[] {
  const cost = agreedFee(name, input, businessDateOf(input.now));
  if (health.sends < SENDS_MIN) return [0, 0, 0, cost];
  const unknownShare = health.unknown / health.sends;
  const isDoubtful = unknownShare > UNKNOWN_SHARE_MAX ? 1 : 0;
  const missed = Math.floor(10 * (1 - health.answered / health.sends));
  return [isDoubtful, missed, Math.floor(health.p95Ms / 2_000), cost];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Eligibility before order. Asked only when no attempt is open (the database would refuse another), so a
 * channel that was tried and reached has failed for certain and is not tried again. An operator's
 * preference comes before any rank, never before eligibility.
 */
export function chooseChannel(input: RoutingInput): Route {
  const obstacles = input.channels.map((candidate) => ({ candidate, obstacle: obstacle(candidate, input) }));
  const eligible = obstacles.filter((each) => each.obstacle === undefined).map((each) => each.candidate);
  const preferred = eligible.find((candidate) => candidate.name === input.preferred);
  const [best] = preferred ? [preferred] : [...eligible].sort((a, b) => compare(rank(a, input), rank(b, input)));
  if (best) return { next: 'SEND', channel: best.name };
  const moments = obstacles.flatMap((each) => (each.obstacle?.until ? [each.obstacle.until] : [])).sort();
  const [until] = moments;
  return until === undefined ? { next: 'NONE' } : { next: 'WAIT', until };
}
