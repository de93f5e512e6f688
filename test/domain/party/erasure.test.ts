import { planErasure, type Dealings } from '../../../domain/party/erasure';
import { APPLICATION_TRANSITIONS, LOAN_TRANSITIONS, type ApplicationStatus, type LoanStatus } from '../../../domain/states';
import { businessDate } from '../../../domain/time/dates';

/** Guarantee: nobody's data goes while something goes on, a borrower's stay for ten years after the end, and everybody else's go at once. */
const TODAY = businessDate('2026-11-30');
const plan = (more: Partial<Dealings> = {}) => planErasure({ applications: [], loans: [], today: TODAY, ...more });
const loan = (status: LoanStatus, endedOn: string | null = '2025-02-28', id = 'l1') => ({
  id,
  status,
  endedOn: endedOn === null ? null : businessDate(endedOn),
});
const AT_ONCE = { kind: 'ERASE', on: TODAY, why: 'nothing of it has to be kept' };
const kept = (on: string) => ({ kind: 'ERASE', on, why: 'a loan’s records are kept for ten years after its end' });

describe('an erasure', () => {
  it('is at once for who only ever asked', () => {
    expect(plan()).toEqual(AT_ONCE);
  });

  it.each(Object.keys(APPLICATION_TRANSITIONS) as ApplicationStatus[])(
    'of who has an application that is %s waits exactly while it goes on',
    (status) => {
      const hasEnded = ['DISBURSED', 'DECLINED', 'WITHDRAWN', 'EXPIRED'].includes(status);
      const applications = [
        { id: 'a0', status: 'EXPIRED' as const },
        { id: 'a1', status },
      ];
      expect(plan({ applications })).toEqual(hasEnded ? AT_ONCE : { kind: 'NOT_YET', what: `application a1 is ${status}` });
    },
  );

  it('does not wait for an application that is a loan: the loan decides', () => {
    const applications = [{ id: 'l1', status: 'READY_TO_DISBURSE' as const }];
    expect(plan({ applications, loans: [loan('REJECTED')] })).toEqual(kept('2035-02-28'));
    expect(plan({ applications, loans: [loan('REJECTED', '2025-02-28', 'l2')] })).toEqual({
      kind: 'NOT_YET',
      what: 'application l1 is READY_TO_DISBURSE',
    });
  });

  it.each(Object.keys(LOAN_TRANSITIONS) as LoanStatus[])('of who has a loan that is %s waits exactly while it runs', (status) => {
    const runs = ['APPROVED', 'ACTIVE', 'OVERPAID'].includes(status);
    const loans = [loan('REJECTED', '2020-01-01', 'l0'), loan(status)];
    expect(plan({ loans })).toEqual(runs ? { kind: 'NOT_YET', what: `loan l1 is ${status}` } : kept('2035-02-28'));
  });

  it('counts the ten years from the end of the last loan, from today where an end is not known', () => {
    const ended = (...ends: (string | null)[]) =>
      plan({ loans: ends.map((end, index) => loan('CLOSED_OBLIGATIONS_MET', end, `l${String(index)}`)) });
    expect(ended('2024-02-29')).toEqual(kept('2034-02-28'));
    expect(ended('2025-03-01', '2023-05-05', '2024-01-01')).toEqual(kept('2035-03-01'));
    expect(ended('2023-05-05', '2025-03-01')).toEqual(kept('2035-03-01'));
    expect(ended('2025-03-01', null)).toEqual(kept('2036-11-30'));
  });
});
