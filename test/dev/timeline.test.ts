import { everything, Months } from '../../dev/demo/timeline';

/** Guarantee: the demo tells a line per loan and month, with its sums in columns, and every event where that is asked for. */
const told = (kind: string, businessDate: string, data: Record<string, string | number | boolean> = {}) => ({ kind, businessDate, data });
const EVENTS = [
  told('SUBMITTED', '2026-11-26'),
  told('PAYOUT_CONFIRMED', '2026-11-27', { amount: 1_200_000 }),
  told('REMINDED', '2026-12-24', { amount: 106_619, dueOn: '2026-12-27' }),
  told('DEBIT_PRESENTED', '2026-12-27', { amount: 106_619 }),
  told('PAYMENT_RECEIVED', '2026-12-27', { amount: 106_619 }),
  told('SOMETHING_NEW', '2026-12-28'),
];

it('tells a line per loan and month, and what is left at the end', () => {
  const lines: string[] = [];
  const months = new Months((line) => lines.push(line));
  for (const event of EVENTS) months.tell('[1]', event);
  months.tell('[2]', told('DEBIT_PRESENTED', '2026-12-27', { amount: 0, needed: false }));
  expect(lines).toEqual(['\n  month    loan   paid out   received   what happened', '  2026-11  [1]    12000.00              applied']);
  months.end();
  expect(lines.slice(2)).toEqual([
    '  2026-12  [1]                1066.19   reminded, debited',
    '  2026-12  [2]                          nothing to debit',
  ]);
});

it('and every event with its date, where that is asked for', () => {
  const lines: string[] = [];
  const teller = everything((line) => lines.push(line));
  for (const event of EVENTS) teller.tell('[1]', event);
  teller.end();
  expect(lines).toHaveLength(5);
  expect(lines[4]).toBe('  2026-12-27  [1]  received 1066.19');
});
