import type { Account } from './account';
import { assertWithinCap, rateText, xirr } from './apr';
import type { BusinessDate } from '../time/dates';
import { D } from '../money/roots';

/**
 * Checks what a borrower pays from `on` to the end, after a decision that raises it, against the cap of that day:
 * the yearly cost of the remaining rows against what settles the loan without the decision, as a nominal yearly rate
 * of twelve months (PBoC announcement 3 of 2021). APR_CAP_EXCEEDED above it. What is overdue is owed at once and
 * earns nothing, so it is left out on both sides.
 */
export function assertRemainingCostWithin(before: Account, after: Account, on: BusinessDate, cap: string): void {
  // On a loan that is settled there is no schedule left that a charge could make dearer.
  if (before.payoff.total === 0) return;
  const coming = after.installments.flatMap((row) => {
    const open = row.outstanding.principal + row.outstanding.interest + row.outstanding.fee + row.outstanding.penalty;
    return row.dueOn > on && open > 0 ? [{ on: row.dueOn, amount: BigInt(open) }] : [];
  });
  const overdue = (account: Account) => account.owedNow;
  const lent = before.payoff.total - overdue(before);
  const added = overdue(after) - overdue(before);
  if (coming.length === 0 || lent - added <= 0) {
    const extra = after.payoff.total - before.payoff.total;
    if (extra > 0) assertWithinCap(rateText(new D(extra).div(Math.max(1, before.payoff.total))), cap);
    return;
  }
  const effective = xirr([{ on, amount: -BigInt(lent - added) }, ...coming], 'ACT/365F');
  const nominal = effective.plus(1).pow(new D(1).div(12)).minus(1).times(12);
  assertWithinCap(rateText(nominal), cap);
}
