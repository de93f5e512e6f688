import { foldAccount, type Account } from '../../domain/loan/account';
import { COMPONENTS, type Components } from '../../domain/money/allocation';
import { yuan } from '../../domain/money/money';
import { businessDate } from '../../domain/time/dates';
import { lifeOf } from './account-laws';

/**
 * A loan whose every figure can be worked out in the head: 12000.00 at 0.05 % a day, four rows of 3000.00, ten days
 * apart. A day costs 6.00, 4.50, 3.00 or 1.50, a whole row 60.00, 45.00, 30.00 or 15.00 of interest.
 */
export const TEN_DAYS = {
  principal: '12000.00',
  disbursedOn: '2026-01-01',
  every: { days: 10 },
  count: 4,
  method: 'equal_principal',
  interest: { basis: 'daily', dailyRate: '0.0005' },
};

export interface Told {
  readonly terms?: object;
  readonly policy?: object;
  readonly transactions?: readonly object[];
  readonly asOf: string;
}

/** The loan of ten days' rows, with what happened to it, in the calculator's words. */
export const lifeTold = ({ terms, ...told }: Told) => lifeOf({ ...told, terms: { ...TEN_DAYS, ...terms } });

export const accountTold = (told: Told): Account => foldAccount({ ...lifeTold(told), asOf: businessDate(told.asOf) });

/** "- 5.00 60.00 3000.00": penalty, fee, interest and principal in yuan. */
export const cells = (amounts: Components): string => COMPONENTS.map((name) => (amounts[name] === 0 ? '-' : yuan(amounts[name]))).join(' ');

/** Every row with all it owes and all it was paid, a line each. */
export const rowsOf = (account: Account): string[] =>
  account.installments.map((row) => `${row.dueOn.slice(5)} due ${cells(row.due)} paid ${cells(row.paid)}`);

/** Only what rows owe. */
export const duesOf = (account: Account): string[] => account.installments.map((row) => `${row.dueOn.slice(5)} ${cells(row.due)}`);

export const pay = (on: string, amount: string) => ({ on, type: 'repayment', amount });
