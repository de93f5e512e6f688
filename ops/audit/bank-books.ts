import { signed, keySql, isOneOf } from '../../db/sql';
import { PAID_ATTEMPTS } from '../../domain/states';
import { keys } from '../../domain/keys';
import { feeDifferences, settlementDifferences, transitDifferences } from '../../db/reconciliation/settlement';
import type { Db } from '../../db/pool';

/** What the banks' own books say, as the simulator's /books prints them. */
export interface BankEntry {
  readonly bank: string;
  readonly number: string;
  readonly kind: 'PAYOUT' | 'DEBIT' | 'RETURN';
  readonly returns?: 'PAYOUT' | 'DEBIT';
  readonly amountFen: number;
  readonly reference: string;
  readonly state: string;
  readonly valueDate: string;
  /** The bank moved the money although it had said that it never would: its own admission. */
  readonly againstItsWord?: boolean;
}

export interface BankBooks {
  readonly banks: Readonly<Record<string, { payoutsFen: number; debitsFen: number; movementFen: number }>>;
  readonly entries: readonly BankEntry[];
}

const keyOf = (entry: Pick<BankEntry, 'bank' | 'number'>) => `${entry.bank}|${entry.number}`;
const isForeign = (entry: BankEntry) => entry.reference === 'foreign';

function movement(entry: BankEntry): number {
  return entry.kind === 'DEBIT' || entry.returns === 'PAYOUT' ? entry.amountFen : -entry.amountFen;
}

interface OurAttempt {
  readonly channel: string;
  readonly number: string;
  readonly instruction_id: string;
  readonly state: string;
}

/** Reads everything of ours that is compared with a bank's books. */
export async function readOurs(db: Db) {
  const attempts = await db('payment_attempts').select<OurAttempt[]>('channel', 'number', 'instruction_id', 'state');
  const { rows: suspended } = await db.raw<{ rows: { channel: string; number: string; code: string; kind: string; net: number }[] }>(
    `SELECT b.channel, b.number, b.code, e.kind, sum(${signed('DEBIT')})::bigint AS net
      FROM breaks b
      JOIN journal_entries e ON e.key IN (${keySql(keys.suspended, 'b.id')}, ${keySql(keys.suspenseHealed, 'b.id')})
      JOIN journal_lines l ON l.entry_id = e.id
      JOIN ledger_accounts a ON a.code = l.account AND a.kind = 'settlement'
      GROUP BY 1, 2, 3, 4`,
  );
  const { rows: returned } = await db.raw<{ rows: { number: string }[] }>(
    `SELECT a.number FROM payment_attempts a JOIN journal_entries e ON e.key = ${keySql(keys.paymentReturned, 'a.number')}`,
  );
  const settlement = await db('journal_lines as l')
    .join('ledger_accounts as a', 'a.code', 'l.account')
    .where('a.kind', 'settlement')
    .groupBy('a.channel')
    .select<{ channel: string; balance: number }[]>('a.channel as channel', db.raw(`sum(${signed('DEBIT')})::bigint AS balance`));
  // A file that lacks what the house bank moved is a case of its own (BANK) until a later file lists it.
  const days = await db('reconciliations')
    .whereRaw('bank_net_fen = file_net_fen')
    .select<{ channel: string; day: string }[]>('channel', 'business_date as day');
  return {
    attempts: new Map(attempts.map((attempt) => [`${attempt.channel}|${attempt.number}`, attempt])),
    suspense: new Map(
      suspended.filter((row) => row.kind === 'SUSPENDED').map((row) => [`${row.channel}|${row.number}|${row.code}`, row.net]),
    ),
    healed: new Set(suspended.filter((row) => row.kind === 'SUSPENSE_CLEARED').map((row) => `${row.channel}|${row.number}`)),
    returned: new Set(returned.map((row) => row.number)),
    settlement: new Map(settlement.map((row) => [row.channel, row.balance])),
    provedDays: new Set(days.map((row) => `${row.channel}|${row.day}`)),
  };
}

export type Ours = Awaited<ReturnType<typeof readOurs>>;

/** I1: by the banks' books, at most one payout per instruction that the bank had not sworn never to make. What came back counts: a new try has a new instruction. */
export function onePayoutPerInstruction({ attempts }: Ours, books: BankBooks): string[] {
  const paid = new Map<string, string[]>();
  for (const entry of books.entries) {
    if (entry.kind !== 'PAYOUT' || entry.state !== 'BOOKED' || entry.againstItsWord || isForeign(entry)) continue;
    const instruction = attempts.get(keyOf(entry))?.instruction_id ?? `unknown to us: ${entry.number}`;
    paid.set(instruction, [...(paid.get(instruction) ?? []), `${entry.bank} ${entry.number}`]);
  }
  return [...paid]
    .filter(([instruction, numbers]) => numbers.length > 1 || instruction.startsWith('unknown'))
    .map(([instruction, numbers]) => `${instruction} was paid by ${numbers.join(' and ')}`);
}

/** How our ledger has taken an entry of a bank's: booked, on its way to be (an open attempt), or not known yet. */
function standing(entry: BankEntry, ours: Ours): 'BOOKED' | 'OPEN' | 'UNKNOWN' {
  const key = keyOf(entry);
  if (entry.kind === 'RETURN') {
    const isBooked = ours.returned.has(entry.number) || ours.healed.has(key) || ours.suspense.has(`${key}|RETURNED`);
    return isBooked ? 'BOOKED' : 'UNKNOWN';
  }
  const attempt = ours.attempts.get(key);
  if (!attempt || attempt.state === 'FAILED')
    return ours.suspense.has(`${key}|PAID_AFTER_FAILURE`) || ours.suspense.has(`${key}|LONG`) ? 'BOOKED' : 'UNKNOWN';
  return attempt.state === 'SUCCEEDED' || attempt.state === 'RETURNED' ? 'BOOKED' : 'OPEN';
}

/**
 * What our ledger should have for an entry that it has booked. Of a payment that is none of ours a file is all that there
 * is: until the house bank has proved the file's day, that is as much as the file said.
 */
function bookedAs(entry: BankEntry, ours: Ours): number {
  const said = ours.suspense.get(`${keyOf(entry)}|LONG`);
  const isProved = ours.provedDays.has(`${entry.bank}|${entry.valueDate}`);
  return said === undefined || isProved || ours.attempts.has(keyOf(entry)) || entry.kind === 'RETURN' ? movement(entry) : said;
}

/** I3, the part about cash: what `ledgerEqualsBanks` finds without asking anybody. */
export function cashDifferences(ours: Ours, books: BankBooks): string[] {
  const known = new Map<string, number>();
  const late: string[] = [];
  for (const entry of books.entries) {
    if (entry.state !== 'BOOKED') continue;
    const how = standing(entry, ours);
    if (how === 'BOOKED') known.set(entry.bank, (known.get(entry.bank) ?? 0) + bookedAs(entry, ours));
    else if (how === 'UNKNOWN' && ours.provedDays.has(`${entry.bank}|${entry.valueDate}`))
      late.push(`${entry.bank}: ${entry.kind} ${entry.number} of ${entry.valueDate} is reconciled and in no book of ours`);
  }
  const channels = new Set([...known.keys(), ...ours.settlement.keys()]);
  const unequal = [...channels].flatMap((channel) => {
    const [ledger, bank] = [ours.settlement.get(channel) ?? 0, known.get(channel) ?? 0];
    return ledger === bank ? [] : [`${channel}: ledger ${String(ledger)} ≠ ${String(bank)} fen of the bank's movements that we know`];
  });
  return [...unequal, ...late];
}

/**
 * I3: per channel, the ledger's cash is what the bank moved, but for payments whose outcome we do not know yet
 * and for what only a file will tell: that may be unknown until its day is reconciled and proved by the house
 * bank's statement, and not after.
 */
export async function ledgerEqualsBanks(db: Db, ours: Ours, books: BankBooks): Promise<string[]> {
  const transit = (await transitDifferences(db)).map(
    (row) => `${row.channel}: ${String(row.ledger)} fen in transit, the open attempts add up to ${String(row.payments)}`,
  );
  const settlement = (await settlementDifferences(db)).map(
    (row) => `${row.channel}: settlement ${String(row.ledger)} fen, payments and suspense add up to ${String(row.payments)}`,
  );
  const fees = (await feeDifferences(db)).map(
    (row) => `${row.channel}: ${String(row.ledger)} fen of fees payable, the reconciled days add up to ${String(row.days)}`,
  );
  return [...cashDifferences(ours, books), ...transit, ...settlement, ...fees];
}

/** I6: every success of ours has one fact and one posting, and is booked at the bank. */
export async function oneKeyOneEffect(db: Db, books: BankBooks | undefined): Promise<string[]> {
  const result = await db.raw<{ rows: { channel: string; number: string; facts: number; postings: number }[] }>(`
    SELECT a.channel, a.number,
      (SELECT count(*)::int FROM loan_transactions t WHERE t.loan_id = a.loan_id AND t.instruction_id = a.instruction_id AND t.type <> 'REVERSAL') AS facts,
      (SELECT count(*)::int FROM journal_entries e WHERE e.key = ${keySql(keys.paymentSucceeded, 'a.number')}) AS postings
    FROM payment_attempts a WHERE ${isOneOf('a.state', PAID_ATTEMPTS)}`);
  const wrong = result.rows
    .filter((row) => row.facts !== 1 || row.postings !== 1)
    .map((row) => `${row.number} has ${String(row.facts)} facts and ${String(row.postings)} postings`);
  if (!books) return wrong;
  const booked = new Map<string, number>();
  for (const entry of books.entries) {
    if (entry.state !== 'BOOKED' || entry.kind === 'RETURN') continue;
    booked.set(keyOf(entry), (booked.get(keyOf(entry)) ?? 0) + 1);
  }
  const missing = result.rows
    .filter((row) => booked.get(`${row.channel}|${row.number}`) !== 1)
    .map((row) => `${row.number} succeeded here but is not booked once at ${row.channel}`);
  return [...wrong, ...missing];
}
