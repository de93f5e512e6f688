import type { PaymentKind } from './port';

/** What a channel's contract allows, whatever its health. Amounts in minor units, times in Shanghai. */
export interface ChannelRules {
  readonly kinds: readonly PaymentKind[];
  /** The first digits of cards that it serves; null = any. */
  readonly cardPrefixes: readonly string[] | null;
  readonly amountMax: number;
  /** Sum of all payments that one day may carry. */
  readonly dailyMax: number;
  /** Below this the treasury is alarmed. */
  readonly balanceMin: number;
  readonly window: { readonly from: string; readonly to: string };
  /** Calls a second, sends and queries together, over all workers. */
  readonly callsPerSecond: number;
}

const ALL_DAY = { from: '00:00', to: '24:00' } as const;
const BOTH: readonly PaymentKind[] = ['PAYOUT', 'DEBIT'];

/** The card network serves UnionPay's ranges (62, 81: ISO/IEC 7812); the others any card. */
export const CHANNEL_RULES: Readonly<Record<string, ChannelRules>> = {
  wallet: {
    kinds: BOTH,
    cardPrefixes: null,
    amountMax: 20_000_000,
    dailyMax: 50_000_000_000,
    balanceMin: 100_000_000,
    window: ALL_DAY,
    callsPerSecond: 100,
  },
  cardnet: {
    kinds: BOTH,
    cardPrefixes: ['62', '81'],
    amountMax: 50_000_000,
    dailyMax: 100_000_000_000,
    balanceMin: 100_000_000,
    window: ALL_DAY,
    callsPerSecond: 60,
  },
  bankdirect: {
    kinds: BOTH,
    cardPrefixes: null,
    amountMax: 500_000_000,
    dailyMax: 500_000_000_000,
    balanceMin: 100_000_000,
    window: ALL_DAY,
    callsPerSecond: 30,
  },
};
