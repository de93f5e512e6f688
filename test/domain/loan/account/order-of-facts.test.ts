import fc from 'fast-check';
import { assertReversals, inValueOrder, latestValueDate, type LoanFact } from '../../../../domain/loan/account';
import { factsInForce } from '../../../../domain/loan/account/facts';
import { fen } from '../../../../domain/money/money';
import { businessDate } from '../../../../domain/time/dates';
import { runs } from '../../../support/runs';

/** Guarantee: facts take effect by their day, their kind and their key, in whatever order they were learned. */
const ON = businessDate('2026-01-15');
const fact = (type: LoanFact['type'], key: string, day = '15', more: object = {}): LoanFact =>
  ({ type, key, valueDate: businessDate(`2026-01-${day}`), amount: fen(1), ...more }) as unknown as LoanFact;

const IN_ORDER: readonly LoanFact[] = [
  fact('REVERSAL', 'z', '14'),
  fact('DISBURSEMENT', 'z'),
  fact('RATE_CHANGE', 'y'),
  fact('DEBIT_IN_DOUBT', 'a'),
  fact('HARDSHIP_PAUSE', 'b'),
  fact('DEBIT_IN_DOUBT', 'c'),
  fact('CHARGE', 'x'),
  fact('WAIVER', 'w'),
  fact('REAMORTIZE', 'a'),
  fact('REAGE', 'b'),
  fact('TERM_EXTENSION', 'c'),
  fact('REPAYMENT', 'a'),
  fact('SETTLEMENT_DISCOUNT', 'b'),
  fact('REPAYMENT', 'c'),
  fact('CREDIT_BALANCE_REFUND', 'v'),
  fact('CHARGE_OFF', 'u'),
  fact('WRITEOFF', 't'),
  fact('RECOVERY_REPAYMENT', 's'),
  fact('REVERSAL', 'a'),
  fact('DISBURSEMENT', 'a', '16'),
];

describe('facts', () => {
  it('are ordered by day, then conditions, charges, restructurings, money and ends, then key', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...IN_ORDER], { minLength: IN_ORDER.length }), (learned) => {
        expect(inValueOrder(learned)).toEqual(IN_ORDER);
      }),
      { seed: 3, numRuns: runs(200) },
    );
    expect(inValueOrder([...IN_ORDER].reverse())).toEqual(IN_ORDER);
    // Two that are alike keep the order in which they were learned.
    const twins = [fact('CHARGE', 'k', '15', { amount: 1 }), fact('CHARGE', 'k', '15', { amount: 2 })];
    expect(inValueOrder(twins)).toEqual(twins);
  });

  it('reach to the latest of their days, or to a later one that is asked about', () => {
    const known = [fact('CHARGE', 'a', '14'), fact('CHARGE', 'b', '16'), fact('CHARGE', 'c', '15')];
    expect([latestValueDate(known, ON), latestValueDate(known, businessDate('2026-01-17')), latestValueDate([], ON)]).toEqual([
      '2026-01-16',
      '2026-01-17',
      '2026-01-15',
    ]);
  });

  it('count from their own day on, and not once they are reversed; no reversal counts by itself', () => {
    const facts = [
      fact('CHARGE', 'a', '14'),
      fact('CHARGE', 'b', '15'),
      fact('CHARGE', 'c', '16'),
      fact('REVERSAL', 'r', '15', { of: 'a' }),
    ];
    const inForce = (day: string) => factsInForce(facts, businessDate(`2026-01-${day}`)).map(({ key }) => key);
    expect(['13', '14', '15', '16'].map(inForce)).toEqual([[], ['a'], ['b'], ['b', 'c']]);
    // What shares a reversed key’s name as `of`, but is no reversal, reverses nothing.
    expect(factsInForce([fact('CHARGE', 'a', '14'), fact('CHARGE', 'x', '14', { of: 'a' })], ON)).toHaveLength(2);
  });
});

describe('a reversal', () => {
  const judged = (...facts: LoanFact[]) => {
    try {
      assertReversals(facts);
      return 'fine';
    } catch (error) {
      const { code, message, details } = error as { code: string; message: string; details: object };
      return { code, message, details };
    }
  };
  const paid = fact('REPAYMENT', 'p', '15');
  const reversal = (day: string, of = 'p', key = 'r') => fact('REVERSAL', key, day, { of });
  const refused = (day: string, key = 'r') => ({
    code: 'NOTHING_TO_REVERSE',
    message: `the reversal of 2026-01-${day} names no fact that could be reversed then`,
    details: { path: 'transactions', key },
  });

  it('names a fact of its day or before, once, and no reversal', () => {
    expect([judged(), judged(paid), judged(paid, reversal('15')), judged(reversal('16'), paid)]).toEqual(Array(4).fill('fine'));
    expect(judged(paid, reversal('14'))).toEqual(refused('14'));
    expect(judged(paid, reversal('15', 'ghost'))).toEqual(refused('15'));
    expect(judged(paid, reversal('15'), reversal('16', 'p', 'r2'))).toEqual(refused('16', 'r2'));
    expect(judged(paid, reversal('15'), reversal('16', 'r', 'r2'))).toEqual(refused('16', 'r2'));
  });
});
