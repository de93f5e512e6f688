import { postEntry } from '../../db/ledger/journal';
import { readDoubt, readLoanFile, recordOf } from '../../db/loan/loan-file';
import type { Tx } from '../../db/pool';
import { latestValueDate, settledTotals, type Account } from '../../domain/loan/account';
import { businessDateOf, type BusinessDate, type Instant } from '../../domain/time/dates';
import { loanAccount } from '../../domain/loan/loan-account';
import { minus, ZERO } from '../../domain/money/money';
import { adjusted, type AccountEffect } from '../../domain/ledger/postings';
import type { ActivityDeps } from '../deps';
import { keys } from '../../domain/keys';

/** What changed between two folds of one loan: all that the ledger receives. */
export function effectOf(before: Account, after: Account): AccountEffect {
  const [a, b] = [settledTotals(after), settledTotals(before)];
  return {
    penalty: minus(a.penalty, b.penalty),
    fee: minus(a.fee, b.fee),
    interest: minus(a.interest, b.interest),
    principal: minus(a.principal, b.principal),
    surplus: minus(a.surplus, b.surplus),
    recovered: minus(a.recovered, b.recovered),
    discounted: minus(after.discounted, before.discounted),
    writtenOff: minus(after.writtenOff?.principal ?? ZERO, before.writtenOff?.principal ?? ZERO),
  };
}

/** What a recorded fact changes: the fold with it minus the fold without it, on the latest day that either knows. */
export async function effectOfFact(
  deps: Pick<ActivityDeps, 'catalogue'>,
  tx: Tx,
  { loanId, key, valueDate }: { readonly loanId: string; readonly key: string; readonly valueDate: BusinessDate },
): Promise<{ effect: AccountEffect; account: Account; isChargedOff: boolean }> {
  const file = await readLoanFile(tx, loanId);
  const record = recordOf(deps.catalogue, file);
  const asOf = latestValueDate(file.facts, valueDate);
  const without = { ...record, facts: record.facts.filter((fact) => fact.key !== key) };
  const account = loanAccount(record, asOf);
  return { effect: effectOf(loanAccount(without, asOf), account), account, isChargedOff: account.chargedOffOn !== null };
}

/**
 * Runs what moves a debit from one state to another, and posts what its doubt moved by that between the components
 * of the account. A debit's doubt is a fact that is read from its states: from the day on which its outcome became
 * unknown until the day on which it is known no penalty runs, so that money valued in that time is split otherwise
 * than it was posted. `mayBeDoubtful`: whether a doubt may have begun by what was done.
 */
export async function withDoubtPosted<T>(
  deps: Pick<ActivityDeps, 'catalogue'>,
  tx: Tx,
  {
    debit,
    work,
    mayBeDoubtful = () => true,
  }: {
    readonly debit: { readonly loanId: string; readonly instructionId: string; readonly at: Instant };
    readonly work: () => Promise<T>;
    readonly mayBeDoubtful?: (result: T) => boolean;
  },
): Promise<T> {
  const { loanId, instructionId, at } = debit;
  const { fact: before, hasBegun } = await readDoubt(tx, instructionId);
  const result = await work();
  if (!hasBegun && !mayBeDoubtful(result)) return result;
  const { fact: after } = await readDoubt(tx, instructionId);
  if (JSON.stringify(before) === JSON.stringify(after)) return result;
  const file = await readLoanFile(tx, loanId);
  const asOf = latestValueDate(file.facts, businessDateOf(at));
  // The debit's own money is posted as it is split under the doubt that is left.
  const others = file.facts.filter(({ key }) => key !== keys.repayment(instructionId) && key !== before?.key && key !== after?.key);
  const fold = (doubt: typeof before) =>
    loanAccount({ ...recordOf(deps.catalogue, file), facts: doubt ? [...others, doubt] : others }, asOf);
  const account = fold(after);
  const isBegun = before === undefined;
  await postEntry(tx, {
    key: keys.doubtChanged(instructionId, isBegun ? 'began' : 'ended'),
    loanId,
    businessDate: businessDateOf(at),
    posting: adjusted(effectOf(fold(before), account), account.chargedOffOn !== null),
  });
  return result;
}
