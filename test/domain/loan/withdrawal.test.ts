import { foldAccount, type LoanFact } from '../../../domain/loan/account';
import { businessDate } from '../../../domain/time/dates';
import { fen } from '../../../domain/money/money';
import { lifeOf } from '../../support/account-laws';

const TERMS = {
  principal: '10000.00',
  disbursedOn: '2026-01-01',
  count: 12,
  every: { months: 1 },
  method: 'equal_installment',
  annualRate: '0.12',
  interest: { basis: 'day_count', convention: 'ACT/360' },
  interestRounding: { mode: 'half_up', scale: 2 },
};
const POLICY = { interestOn: 'scheduled', payoffInterest: 'to_period_end', payoffFee: { rate: '0.03' } };

const account = (on: string, transactions: object[], more: LoanFact[] = []) => {
  const life = lifeOf({ terms: TERMS, policy: POLICY, transactions, asOf: on });
  return foldAccount({ ...life, facts: [...life.facts, ...more], asOf: businessDate(on) });
};
const withdrawn = { id: 'w', on: '2026-01-08', type: 'withdrawal', until: '2026-03-09' };
const fee = { id: 'c', on: '2026-01-02', type: 'charge', amount: '30.00', component: 'fee' };

/** Guarantee: who withdraws pays back the principal and the interest of the days, and nothing else; who then does not pay back has the contract that was signed. */
describe('a withdrawal after the payout', () => {
  it('ends for principal and interest by days: ten days of 10,000.00 at 12 % by 360 are 33.33', () => {
    expect(account('2026-01-11', [withdrawn]).payoff).toMatchObject({
      principal: 1_000_000,
      interest: 3_333,
      fee: 0,
      penalty: 0,
      total: 1_003_333,
    });
  });

  it('costs no fee, neither for ending early nor one that was charged before; the day before it did', () => {
    expect(account('2026-01-07', [fee, withdrawn]).payoff.fee).toBeGreaterThan(3_000);
    expect(account('2026-01-11', [fee, withdrawn]).payoff).toMatchObject({ fee: 0, total: 1_003_333 });
  });

  it('is over with exactly that money, to the fen', () => {
    const pay = (amount: number): LoanFact => ({ key: 'p', type: 'REPAYMENT', amount: fen(amount), valueDate: businessDate('2026-01-11') });
    expect(account('2026-01-11', [fee, withdrawn], [pay(1_003_333)]).status).toBe('CLOSED_OBLIGATIONS_MET');
    expect(account('2026-01-11', [fee, withdrawn], [pay(1_003_332)]).payoff.total).toBe(1);
  });

  it('makes nothing late while it may be paid back; from the day after, the contract goes on with its fees', () => {
    expect(account('2026-03-09', [withdrawn]).daysPastDue).toBe(0);
    expect(account('2026-03-09', [fee, withdrawn]).payoff.fee).toBe(0);
    expect(account('2026-03-10', [fee, withdrawn]).payoff.fee).toBeGreaterThan(3_000);
  });
});
