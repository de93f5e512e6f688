import type { LoanFact } from '../../../domain/loan/account';
import { candidates } from '../../../domain/loan/agenda-candidates';
import type { AgendaInput } from '../../../domain/loan/appointment';
import { loanAccount } from '../../../domain/loan/loan-account';
import { keys } from '../../../domain/keys';
import { fen } from '../../../domain/money/money';
import { scheduleFor } from '../../../domain/product/offer';
import { createCatalogue, type Product } from '../../../domain/product/products';
import { spreadMinutes } from '../../../domain/time/spread';
import { at, businessDate } from '../../../domain/time/dates';
import { anEvent } from '../../support/events';

/** Guarantee: what falls on one moment is done in the order that presses nobody who may just have paid, and never from before the payout. */
const product = createCatalogue().version('consumer-installment', 1);
const START = businessDate('2026-01-31');
const DUE = businessDate('2026-02-28');
const day = (text: string) => businessDate(`2026-${text}`);
const LENT: LoanFact = { key: 'd', type: 'DISBURSEMENT', valueDate: START, amount: fen(1_200_000) };
const terms = { principal: fen(1_200_000), termMonths: 12 };
const input: AgendaInput = {
  ...terms,
  loanId: 'a',
  product,
  schedule: scheduleFor(terms, product, START),
  facts: [LENT],
  events: [],
  instructions: [],
  now: at(START, '12:00'),
};

describe('the moments of one account', () => {
  const rows = loanAccount(input, START).installments;
  const all = (more: Partial<Product>, known: Partial<AgendaInput> = {}, of = rows) =>
    candidates({ ...input, product: { ...product, ...more }, ...known }, of);

  it('come in this order where they fall together: reminder, debit, check, contact, charge-off', () => {
    const together = {
      reminder: { daysBefore: 30, at: '10:00' },
      debit: { ...product.debit, at: '10:00', spreadMinutes: 1, presentmentDays: [1] },
      collections: {
        ...product.collections,
        ladder: [
          { daysPastDue: 1, action: 'CHARGE_OFF' as const },
          { daysPastDue: 1, action: 'SMS' as const },
        ],
        promise: { ...product.collections.promise, checkAt: '10:00' },
      },
    };
    // On 1 March: thirty days before the second row, one after the first.
    const made = { promiseId: 'p', dueOn: day('03-01') };
    const promise = anEvent({ key: 'p', kind: 'PROMISE_MADE', at: at(day('03-01'), '10:01'), businessDate: day('03-01'), data: made });
    const found = all(together, { events: [promise] }).filter((each) => each.businessDate === '2026-03-01');
    expect(found.map((each) => each.kind)).toEqual(['REMIND', 'DEBIT', 'CHECK_PROMISE', 'CONTACT', 'CHARGE_OFF']);
    const moments = all({}).map((each) => each.at);
    expect(moments).toEqual([...moments].sort());
  });

  it('hold no reminder from before the payout, and one of each payout', () => {
    const reminders = (dueOn: string, facts: LoanFact[]) =>
      all({}, { facts }, [{ ...rows[0]!, dueOn: businessDate(dueOn) }])
        .filter((each) => each.kind === 'REMIND')
        .map((each) => each.key);
    expect(reminders('2026-02-02', [LENT])).toEqual([]);
    expect(reminders('2026-02-03', [LENT])).toEqual([keys.remind(day('02-03'))]);
    const back: LoanFact[] = [{ ...LENT, key: 'd0' }, { key: 'r', type: 'REVERSAL', valueDate: START, of: 'd0' }, LENT];
    expect(reminders('2026-02-03', back)).toEqual([keys.remindOfPayout(day('02-03'), 2)]);
    const paid: LoanFact = { key: 'p', type: 'REPAYMENT', valueDate: START, amount: fen(1) };
    expect(reminders('2026-02-03', [LENT, paid])).toEqual([keys.remind(day('02-03'))]);
  });

  it('move a debit to a payday only where it is presented again', () => {
    const debit = { ...product.debit, presentmentDays: [0, 2, 5], payday: { daysOfMonth: [5], withinDays: 10 } };
    const found = all({ debit }, {}, [rows[0]!]).filter((each) => each.kind === 'DEBIT');
    // 28 February is the contract's; 2 March waits for the fifth, on which the fifth day's falls too.
    expect(found.map((each) => each.businessDate)).toEqual([DUE, day('03-05')]);
    expect(found.map((each) => each.at)).toEqual([at(DUE, '08:40'), at(day('03-05'), '08:40')]);
  });
});

it('spreads ids over a window by FNV-1a, as its published vectors have it', () => {
  expect(['', 'a', 'foobar'].map((id) => spreadMinutes(id, 2 ** 32))).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  expect([spreadMinutes('a', 60), spreadMinutes('a', 1)]).toEqual([40, 0]);
});
