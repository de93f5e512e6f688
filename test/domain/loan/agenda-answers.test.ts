import type { LoanFact } from '../../../domain/loan/account';
import { lawfulMoment, nextAppointment } from '../../../domain/loan/agenda';
import type { AgendaInput, Appointment } from '../../../domain/loan/appointment';
import type { LoanEvent, LoanEventKind, OpenInstruction } from '../../../domain/loan/loan-events';
import { fen } from '../../../domain/money/money';
import { assertOffered, policyOf, scheduleFor } from '../../../domain/product/offer';
import { createCatalogue } from '../../../domain/product/products';
import { assertThat, isErrorCode } from '../../../domain/errors';
import { isOperatorName, isOperatorRole } from '../../../domain/party/operators';
import { addDays, at, businessDate, monthsFromAnchor, type Instant } from '../../../domain/time/dates';
import { anEvent } from '../../support/events';

/** Guarantee: in each situation that is not the everyday one, a loan answers with this appointment and no other. */
const product = createCatalogue().version('consumer-installment', 1);
const START = businessDate('2026-01-31');
const TODAY = addDays(START, 5);
const NOW = at(TODAY, '12:00');
const LENT: LoanFact = { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) };
const OVERPAID: LoanFact[] = [LENT, { key: 'p', type: 'REPAYMENT', valueDate: addDays(START, 4), amount: fen(1_300_000) }];

const instruction = (
  direction: OpenInstruction['direction'],
  state: OpenInstruction['state'],
  more: Partial<OpenInstruction> = {},
): OpenInstruction => ({
  id: `${direction.toLowerCase()}-l-1`,
  direction,
  state,
  open: false,
  amount: fen(100),
  businessDate: TODAY,
  presentment: 2,
  sentAt: at(TODAY, '10:00'),
  lastQueriedAt: null,
  queries: 0,
  ...more,
});
const event = (kind: LoanEventKind, data: object = {}): LoanEvent =>
  anEvent({
    key: kind,
    kind,
    at: at(TODAY, '09:00'),
    businessDate: TODAY,
    data,
  });
const answer = (more: Partial<AgendaInput>): Partial<Appointment> => {
  const terms = { principal: fen(1_200_000), termMonths: 12 };
  const input: AgendaInput = {
    ...terms,
    loanId: 'l',
    product,
    schedule: scheduleFor(terms, product, START),
    facts: [LENT],
    events: [],
    instructions: [],
    now: NOW,
    ...more,
  };
  return nextAppointment(input);
};
const unpaid = { facts: [], schedule: [] };
const base = { at: NOW, businessDate: TODAY };

describe('the agenda answers', () => {
  it.each<[string, Partial<AgendaInput>, Partial<Appointment>]>([
    ['a payout', unpaid, { ...base, kind: 'PAY_OUT', key: 'payout:payout-l-1', instructionId: 'payout-l-1', summary: 'pay the loan out' }],
    [
      'an open payout again',
      { ...unpaid, instructions: [instruction('PAYOUT', 'IN_FLIGHT', { open: true, id: 'payout-l-7' })] },
      { ...base, kind: 'PAY_OUT', key: 'payout:payout-l-7', instructionId: 'payout-l-7' },
    ],
    [
      'a refused payout',
      { ...unpaid, instructions: [instruction('PAYOUT', 'FAILED')] },
      {
        ...base,
        at: null,
        kind: 'AWAIT_OPERATOR',
        key: 'operator:payout-l-1',
        summary: 'every channel refused the payout: an operator retries it or rejects the loan',
      },
    ],
    [
      'a payout that came back',
      { ...unpaid, instructions: [instruction('PAYOUT', 'RETURNED')] },
      { kind: 'AWAIT_OPERATOR', at: null, summary: 'the payout came back: an operator retries it or rejects the loan' },
    ],
    [
      'a rejected loan',
      { ...unpaid, events: [event('REJECTED')] },
      { ...base, kind: 'END', key: 'end', summary: 'rejected before payout' },
    ],
    [
      'a hold before payout',
      { ...unpaid, events: [event('HOLD_PLACED', { until: TODAY })] },
      {
        kind: 'AWAIT_RELEASE',
        key: `release:${at(TODAY, '09:00')}`,
        at: at(addDays(TODAY, 1), '00:00'),
        businessDate: TODAY,
        summary: 'on hold: no payout before it ends',
      },
    ],
    [
      'a surplus',
      { facts: OVERPAID },
      { ...base, kind: 'REFUND', key: 'refund:refund-l-1', instructionId: 'refund-l-1', summary: 'refund what was overpaid' },
    ],
    [
      'a refund that failed',
      { facts: OVERPAID, instructions: [instruction('REFUND', 'FAILED')] },
      {
        at: null,
        kind: 'AWAIT_OPERATOR',
        key: 'operator:refund-l-1',
        summary: 'the surplus could not be refunded: an operator tries again or finds another account',
      },
    ],
    [
      'a refund that came back',
      { facts: OVERPAID, instructions: [instruction('REFUND', 'RETURNED')] },
      { at: null, kind: 'AWAIT_OPERATOR' },
    ],
    [
      'a refund that was made and a new surplus',
      { facts: OVERPAID, instructions: [instruction('REFUND', 'SUCCEEDED')] },
      { kind: 'REFUND', instructionId: 'refund-l-2' },
    ],
    ...(['PAYOUT', 'REFUND', 'DEBIT'] as const).map((direction): [string, Partial<AgendaInput>, Partial<Appointment>] => {
      const facts = { PAYOUT: [], REFUND: OVERPAID, DEBIT: [LENT] }[direction];
      const what = { PAYOUT: 'a payout', REFUND: 'a refund', DEBIT: 'a debit' }[direction];
      return [
        `a ${direction} that was paid against the channel’s word`,
        { facts, instructions: [instruction(direction, 'FAILED', { isContradicted: true })] },
        {
          kind: 'AWAIT_CHANNEL',
          key: 'channel:contradicted',
          at: null,
          businessDate: TODAY,
          summary: `${what} that had failed was paid after all: the channel gives it back, or people decide whose it is`,
        },
      ];
    }),
    [
      'a debit that reached nobody, beside one paid against the channel’s word',
      {
        instructions: [
          instruction('DEBIT', 'IN_FLIGHT', { open: true, isLive: false }),
          instruction('DEBIT', 'FAILED', { id: 'debit-l-0', isContradicted: true }),
        ],
      },
      { kind: 'AWAIT_CHANNEL' },
    ],
    [
      'a debit that the borrower asked for',
      { instructions: [instruction('DEBIT', 'AUTHORIZED', { open: true })] },
      {
        kind: 'DEBIT',
        key: 'debit:debit-l-1',
        at: NOW,
        presentment: 2,
        instructionId: 'debit-l-1',
        summary: 'present the debit that the borrower asked for',
      },
    ],
    [
      'a debit that reached nobody',
      { instructions: [instruction('DEBIT', 'IN_FLIGHT', { open: true, isLive: false, attempts: 2 })] },
      {
        kind: 'DEBIT',
        key: 'debit:debit-l-1:2',
        resume: 2,
        at: NOW,
        summary: 'the debit has reached nobody: present it over another channel',
      },
    ],
    [
      'a debit that reached nobody, its attempts not counted',
      { instructions: [instruction('DEBIT', 'IN_FLIGHT', { open: true, isLive: false })] },
      { kind: 'DEBIT', key: 'debit:debit-l-1:0', resume: 0 },
    ],
    [
      'a debit in doubt, first asked an hour after it was sent',
      { instructions: [instruction('DEBIT', 'IN_FLIGHT', { open: true })] },
      { kind: 'QUERY_DEBIT', key: 'query:debit-l-1:1', query: 1, at: at(TODAY, '11:00') },
    ],
    [
      'a debit in doubt that was asked about for long',
      { instructions: [instruction('DEBIT', 'IN_FLIGHT', { open: true, queries: 9, lastQueriedAt: at(TODAY, '11:00') })] },
      { kind: 'QUERY_DEBIT', query: 10, at: at(addDays(TODAY, 1), '11:00') },
    ],
    [
      'a hint of the channel’s',
      {
        instructions: [
          instruction('DEBIT', 'IN_FLIGHT', { open: true, queries: 9, lastQueriedAt: at(TODAY, '11:00'), hintedAt: at(TODAY, '11:30') }),
        ],
      },
      { kind: 'QUERY_DEBIT', at: NOW },
    ],
    [
      'a hint from before the last question',
      {
        instructions: [
          instruction('DEBIT', 'IN_FLIGHT', { open: true, queries: 9, lastQueriedAt: at(TODAY, '11:00'), hintedAt: at(TODAY, '10:30') }),
        ],
      },
      { kind: 'QUERY_DEBIT', at: at(addDays(TODAY, 1), '11:00') },
    ],
  ])('%s', (_situation, more, expected) => {
    expect(answer(more)).toMatchObject(expected);
  });
});

describe('a contact', () => {
  const hours = { from: '08:00', to: '21:00' };
  const moved = (planned: string, now: string): Instant => lawfulMoment(at(TODAY, planned), at(TODAY, now), hours);

  it('goes out when it was planned, or at the next lawful moment', () => {
    expect(moved('10:00', '09:00')).toBe(at(TODAY, '10:00'));
    expect(moved('10:00', '10:00')).toBe(at(TODAY, '10:00'));
    expect(moved('10:00', '20:59')).toBe(at(TODAY, '10:00'));
    expect(moved('10:00', '21:00')).toBe(at(addDays(TODAY, 1), '08:00'));
    expect(moved('05:00', '07:59')).toBe(at(TODAY, '08:00'));
    expect(moved('05:00', '08:00')).toBe(at(TODAY, '05:00'));
    // What was planned for the night and is not late is the plan's own affair.
    expect(moved('05:00', '04:00')).toBe(at(TODAY, '05:00'));
  });
});

describe('what is offered', () => {
  const offered = (principal: number, termMonths: number) => {
    try {
      assertOffered({ principal: fen(principal), termMonths }, product);
      return 'offered';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('lies within the limits of the product, both ends included', () => {
    expect([offered(100_000, 1), offered(20_000_000, 60)]).toEqual(['offered', 'offered']);
    const amounts = 'consumer-installment is offered from 1000.00 to 200000.00 yuan';
    expect([offered(99_999, 12), offered(20_000_001, 12)]).toEqual([amounts, amounts]);
    const terms = 'consumer-installment is offered for 1 to 60 months';
    expect([offered(100_000, 0), offered(100_000, 61), offered(100_000, 1.5)]).toEqual([terms, terms, terms]);
  });

  it('takes penalty and fee for early settlement over into the account’s policy, exactly', () => {
    const penalty = { rateMultiplier: '1.5', on: 'principal', dayCount: 'ACT/360', graceDays: 3, cap: null } as const;
    const account = { ...product.account, penalty, payoffFee: { rate: '0.01', legalCap: { rate: '0.02', source: 'a law' } } };
    expect(policyOf({ ...product, account })).toMatchObject({
      prepayment: { effect: 'advance_next', rounding: null },
      penalty: { rateMultiplier: { numerator: 15n, denominator: 10n }, on: 'principal', graceDays: 3, cap: null },
      payoffFee: { rate: { numerator: 1n, denominator: 100n } },
    });
    expect(policyOf(product)).toMatchObject({ penalty: null, payoffFee: null });
  });
});

describe('small words', () => {
  it('a defect of ours is told from bad input, and codes, roles and names from other text', () => {
    expect(() => assertThat(false, 'what broke')).toThrow(expect.objectContaining({ code: 'INTERNAL', message: 'what broke' }));
    expect(() => assertThat(0, 'what broke')).toThrow('what broke');
    expect(assertThat(1, 'nothing')).toBeUndefined();
    expect([isErrorCode('INTERNAL'), isErrorCode('OTHER'), isErrorCode(7)]).toEqual([true, false, false]);
    expect([isOperatorRole('clerk'), isOperatorRole('Clerk')]).toEqual([true, false]);
    expect(['li', 'a'.repeat(48), 'l', 'a'.repeat(49), 'Li', '-li', 'l\u0000i'].map(isOperatorName)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('dates end where they can be computed with, and say so', () => {
    expect([businessDate('1900-01-01'), businessDate('2199-12-31')]).toEqual(['1900-01-01', '2199-12-31']);
    for (const text of ['1899-12-31', '2200-01-01', '2026-00-10', '2026-13-01', '2026-01-00', '2026-02-29', '26-01-01', '2026-01-01x'])
      expect(() => businessDate(text, 'here')).toThrow(expect.objectContaining({ code: 'INVALID_DATE', details: { path: 'here' } }));
    expect(() => businessDate('x')).toThrow(expect.objectContaining({ details: {} }));
    expect(() => monthsFromAnchor(businessDate('2199-12-01'), 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_DATE', message: 'dates from 1900 to 2199 can be computed with, not 2200' }),
    );
  });
});
