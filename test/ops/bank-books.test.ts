import { cashDifferences, type BankEntry, type Ours } from '../../ops/audit/bank-books';

/** Guarantee I3: our ledger's cash is what the banks moved, as far as we know or could know it. */
const entry = (change: Partial<BankEntry> = {}): BankEntry => ({
  bank: 'wallet',
  number: 'debit-1a1',
  kind: 'DEBIT',
  amountFen: 500,
  reference: 'l',
  state: 'BOOKED',
  valueDate: '2026-11-25',
  ...change,
});
const ours = (change: Partial<Ours> = {}): Ours => ({
  attempts: new Map([['wallet|debit-1a1', { channel: 'wallet', number: 'debit-1a1', instruction_id: 'debit-1', state: 'SUCCEEDED' }]]),
  suspense: new Map(),
  healed: new Set(),
  returned: new Set(),
  settlement: new Map([['wallet', 500]]),
  provedDays: new Set(['wallet|2026-11-25']),
  ...change,
});
const books = (...entries: BankEntry[]) => ({ banks: {}, entries });
const foreign = entry({ number: 'x-1', reference: 'foreign', amountFen: 700 });
const withSuspense = (net: number, isProved: boolean) =>
  ours({
    suspense: new Map([['wallet|x-1|LONG', net]]),
    settlement: new Map([['wallet', 500 + net]]),
    provedDays: new Set(isProved ? ['wallet|2026-11-25'] : []),
  });

describe('the ledger beside the banks’ books', () => {
  it('agrees where both have the same', () => {
    expect(cashDifferences(ours(), books(entry()))).toEqual([]);
  });

  it('says how much is missing, and at which channel', () => {
    expect(cashDifferences(ours({ settlement: new Map() }), books(entry()))).toEqual([
      "wallet: ledger 0 ≠ 500 fen of the bank's movements that we know",
    ]);
  });

  it('names what a proved day has and we do not, and waits for what no day has proved', () => {
    expect(cashDifferences(ours(), books(entry(), foreign))).toEqual([
      'wallet: DEBIT x-1 of 2026-11-25 is reconciled and in no book of ours',
    ]);
    expect(cashDifferences(ours({ provedDays: new Set() }), books(entry(), foreign))).toEqual([]);
  });

  it('believes a file about a stranger’s payment until the house bank has proved the day, and no longer', () => {
    expect(cashDifferences(withSuspense(700, true), books(entry(), foreign))).toEqual([]);
    expect(cashDifferences(withSuspense(800, false), books(entry(), foreign))).toEqual([]);
    expect(cashDifferences(withSuspense(800, true), books(entry(), foreign))).toEqual([
      "wallet: ledger 1300 ≠ 1200 fen of the bank's movements that we know",
    ]);
  });

  it('never believes a file about the amount of a payment of ours', () => {
    const known = ours({
      suspense: new Map([['wallet|debit-1a1|LONG', 600]]),
      settlement: new Map([['wallet', 600]]),
      provedDays: new Set(),
    });
    expect(cashDifferences(known, books(entry()))).toHaveLength(1);
  });
});
