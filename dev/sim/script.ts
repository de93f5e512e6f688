import { SOURCE_BEHAVIOURS, SOURCE_NAMES, type SourceBehaviour, type SourceName } from '../../simulator/identity/sources';
import type { Behaviour, FileFault, LineFault } from '../../simulator/scripts';
import { Random } from './random';

const BANKS = ['wallet', 'cardnet', 'bankdirect'] as const;
export type BankName = (typeof BANKS)[number];

const ADJUSTMENTS = [
  'CHARGE',
  'CHARGE',
  'WAIVER',
  'SETTLEMENT_DISCOUNT',
  'RATE_CHANGE',
  'REAGE',
  'REAMORTIZE',
  'TERM_EXTENSION',
  'HARDSHIP_PAUSE',
  'WRITEOFF',
  'REVERSAL',
] as const;
type AdjustmentType = (typeof ADJUSTMENTS)[number];

/**
 * One step of a simulation. Which loan, payment or message is meant stands as a share of what there is at
 * that moment (`pick`, 0 to 1), so a script keeps its sense when steps are left out of it.
 */
export type Action =
  | { readonly do: 'APPLY'; readonly principalFen: number; readonly termMonths: number; readonly product: string }
  | { readonly do: 'SIGN' }
  | { readonly do: 'PAY'; readonly pick: number; readonly share: number; readonly times: number }
  | { readonly do: 'PAY_OFF'; readonly pick: number }
  | { readonly do: 'REUSE_KEY'; readonly pick: number }
  | { readonly do: 'PROMISE'; readonly pick: number }
  | {
      readonly do: 'BANK';
      readonly bank: BankName;
      readonly kind: 'PAYOUT' | 'DEBIT';
      readonly behaviour: Behaviour;
      readonly times: number;
    }
  | { readonly do: 'OUTAGE'; readonly bank: BankName; readonly hours: number }
  | { readonly do: 'CALM' }
  | { readonly do: 'ADVANCE'; readonly hours: number }
  | { readonly do: 'KILL'; readonly what: 'worker' | 'api' | 'postgres' | 'temporal' }
  | { readonly do: 'WEBHOOKS'; readonly order: number; readonly copies: number; readonly keep: number }
  | { readonly do: 'FORGE'; readonly pick: number; readonly how: 'signature' | 'age' | 'body' }
  | { readonly do: 'FILE_FAULT'; readonly bank: BankName; readonly fault: FileFault; readonly daysAhead: number }
  | { readonly do: 'LINE_FAULT'; readonly pick: number; readonly change: LineFault['change'] }
  | {
      readonly do: 'FOREIGN';
      readonly bank: BankName;
      readonly kind: 'PAYOUT' | 'DEBIT';
      readonly amountFen: number;
      readonly serial: number;
    }
  | { readonly do: 'RETURN'; readonly pick: number }
  | { readonly do: 'ADJUST'; readonly pick: number; readonly type: AdjustmentType; readonly share: number }
  | { readonly do: 'HOLD'; readonly pick: number; readonly days: number }
  | { readonly do: 'CARD'; readonly pick: number; readonly serial: number }
  | { readonly do: 'RETURN_REFUND'; readonly pick: number }
  | { readonly do: 'HOUSE_BANK'; readonly hours: number }
  | { readonly do: 'MAIL' }
  | { readonly do: 'BACKUP' }
  | { readonly do: 'RESTORE' }
  | { readonly do: 'SWAP'; readonly pick: number; readonly serial: number }
  | { readonly do: 'SECOND'; readonly pick: number }
  | { readonly do: 'SOURCE'; readonly source: SourceName; readonly behaviour: SourceBehaviour; readonly times: number }
  | { readonly do: 'SOURCE_OUT'; readonly source: SourceName; readonly hours: number }
  | { readonly do: 'WITHDRAW_CONSENT'; readonly pick: number; readonly kind: 'IDENTITY_QUERY' | 'PRIVACY' }
  | { readonly do: 'HOSTILE'; readonly pick: number; readonly share: number }
  | { readonly do: 'OPERATE' }
  | { readonly do: 'LOOK'; readonly pick: number };

/** How often each step comes. Kills and clock moves are dear, so that a long run spends its time on many steps. */
const WEIGHTS: Readonly<Record<Action['do'], number>> = {
  APPLY: 5,
  SIGN: 5,
  PAY: 16,
  PAY_OFF: 2,
  REUSE_KEY: 3,
  PROMISE: 2,
  BANK: 20,
  OUTAGE: 1.5,
  CALM: 1,
  ADVANCE: 5,
  KILL: 1.4,
  WEBHOOKS: 10,
  FORGE: 5,
  FILE_FAULT: 2,
  LINE_FAULT: 2,
  FOREIGN: 0.7,
  RETURN: 2,
  OPERATE: 5,
  ADJUST: 8,
  HOLD: 0.7,
  CARD: 0.7,
  RETURN_REFUND: 1,
  HOUSE_BANK: 0.7,
  BACKUP: 1.5,
  RESTORE: 0.6,
  MAIL: 0.7,
  SWAP: 1,
  SECOND: 1,
  SOURCE: 2,
  SOURCE_OUT: 0.7,
  WITHDRAW_CONSENT: 0.5,
  HOSTILE: 3,
  LOOK: 12,
};

const PRODUCTS = ['consumer-installment', 'consumer-installment', 'consumer-equal-principal', 'consumer-flexible'] as const;

const PAYOUT_FAULTS = [
  'ok',
  'slow',
  'no-answer',
  'reset',
  'truncated',
  'request-lost',
  'error-but-paid',
  'unlisted-code',
  'misdated',
  'unlisted-code-but-paid',
  'not-found-then-success',
  'wrong-amount',
  'wrong-payee',
  'unsigned',
  'refused',
  'refused-but-paid',
  'no-balance',
  'rate-limited',
  'pays-late',
  'returns',
] as const satisfies readonly Behaviour[];
const DEBIT_FAULTS = [...PAYOUT_FAULTS.filter((each) => each !== 'refused'), 'no-funds', 'no-funds', 'no-funds'] as const;

function action(random: Random, serial: number): Action {
  const kind = random.weighted(WEIGHTS);
  const pick = random.next();
  switch (kind) {
    case 'APPLY':
      return { do: kind, principalFen: random.int(10, 200) * 10_000, termMonths: random.pick([3, 6, 12]), product: random.pick(PRODUCTS) };
    case 'ADJUST':
      return { do: kind, pick, type: random.pick(ADJUSTMENTS), share: random.next() };
    case 'HOLD':
      return { do: kind, pick, days: random.int(0, 12) };
    case 'CARD':
    case 'SWAP':
      return { do: kind, pick, serial };
    case 'HOUSE_BANK':
      return { do: kind, hours: random.int(12, 96) };
    case 'HOSTILE':
      return { do: kind, pick, share: random.next() };
    case 'SOURCE':
      return { do: kind, source: random.pick(SOURCE_NAMES), behaviour: random.pick(SOURCE_BEHAVIOURS), times: random.int(1, 4) };
    case 'SOURCE_OUT':
      return { do: kind, source: random.pick(SOURCE_NAMES), hours: random.int(1, 48) };
    case 'WITHDRAW_CONSENT':
      return { do: kind, pick, kind: random.pick<'IDENTITY_QUERY' | 'PRIVACY'>(['IDENTITY_QUERY', 'PRIVACY']) };
    case 'BACKUP':
    case 'RESTORE':
    case 'MAIL':
    case 'SIGN':
    case 'CALM':
    case 'OPERATE':
      return { do: kind };
    case 'PAY':
      return { do: kind, pick, share: random.next(), times: random.pick([1, 1, 1, 2, 3]) };
    case 'PAY_OFF':
    case 'REUSE_KEY':
    case 'PROMISE':
    case 'RETURN':
    case 'RETURN_REFUND':
    case 'SECOND':
    case 'LOOK':
      return { do: kind, pick };
    case 'BANK': {
      const direction = random.pick<'PAYOUT' | 'DEBIT'>(['PAYOUT', 'DEBIT']);
      const behaviour = random.pick((direction === 'PAYOUT' ? PAYOUT_FAULTS : DEBIT_FAULTS) as readonly [Behaviour, ...Behaviour[]]);
      return { do: kind, bank: random.pick(BANKS), kind: direction, behaviour, times: random.int(1, 3) };
    }
    case 'OUTAGE':
      return { do: kind, bank: random.pick(BANKS), hours: random.int(1, 48) };
    case 'ADVANCE':
      return { do: kind, hours: random.pick([1, 6, 20, 25, 30, 49, 24 * 7, 24 * 12]) };
    case 'KILL':
      return { do: kind, what: random.pick(['worker', 'worker', 'worker', 'api', 'api', 'postgres', 'temporal']) };
    case 'WEBHOOKS':
      return { do: kind, order: random.int(0, 1_000), copies: random.pick([1, 1, 2, 20]), keep: random.next() };
    case 'FORGE':
      return { do: kind, pick, how: random.pick(['signature', 'age', 'body']) };
    case 'FILE_FAULT': {
      const fault = random.pick<FileFault>(['late', 'truncated', 'wrong-sum', 'wrong-count', 'wrong-day', 'edited', 'empty', 'unsigned']);
      return { do: kind, bank: random.pick(BANKS), fault, daysAhead: random.int(0, 2) };
    }
    case 'LINE_FAULT':
      return {
        do: kind,
        pick,
        change: random.pick<LineFault['change']>(['omit', 'next-day', 'again', 'twice', 'amount', 'fee', 'failed', 'payee']),
      };
    case 'FOREIGN':
      return {
        do: kind,
        bank: random.pick(BANKS),
        kind: random.pick<'PAYOUT' | 'DEBIT'>(['PAYOUT', 'DEBIT']),
        amountFen: random.int(1, 100_000),
        serial,
      };
  }
}

/** What a bank does to the first payouts: drawn before there are any. */
function firstFault(random: Random): Action {
  return { do: 'BANK', bank: 'wallet', kind: 'PAYOUT', behaviour: random.pick<Behaviour>(PAYOUT_FAULTS), times: 1 };
}

/** The script of a seed: the first steps bring borrowers in and meet them with faults, the rest is as the seed decides. */
export function scriptOf(seed: number, steps: number): Action[] {
  const random = new Random(seed);
  const script: Action[] = [];
  for (let serial = 0; script.length < steps; serial += 1) {
    if (serial < 3)
      script.push({ do: 'APPLY', principalFen: random.int(10, 200) * 10_000, termMonths: 6, product: 'consumer-installment' });
    else if (serial === 3) script.push({ do: 'ADVANCE', hours: 25 });
    else if (serial < 6) script.push(firstFault(random));
    else if (serial === 6) script.push({ do: 'SIGN' });
    else script.push(action(random, serial));
  }
  return script.slice(0, steps);
}
