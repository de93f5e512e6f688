import { assertReversals, foldAccount } from '../../domain/loan/account';
import { sumOf, type Components } from '../../domain/money/allocation';
import { LoanloomError } from '../../domain/errors';
import { minorText, type Fen, type MinorUnits } from '../../domain/money/money';
import { accountShape, factsFrom, policyFrom } from './account-input';
import { formOf, join, Reader } from './reading';
import { termsFrom } from './terms-input';

export function componentsText(components: Components, units: MinorUnits) {
  return {
    penalty: minorText(components.penalty, units),
    fee: minorText(components.fee, units),
    interest: minorText(components.interest, units),
    principal: minorText(components.principal, units),
  };
}

/** Runs the part of the input that is terms; its errors get the path that they have in the whole input. */
function within<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LoanloomError)) throw error;
    const { path } = error.details;
    throw new LoanloomError(error.code, error.message, { ...error.details, path: path === undefined ? prefix : join(prefix, path) });
  }
}

/** The loan account as the fold sees it. */
export function account(raw: unknown): unknown {
  const input = formOf(accountShape, raw);
  const units = input.minorUnits ?? input.terms.minorUnits;
  const read = new Reader(units);
  const terms = within('terms', () => termsFrom({ ...input.terms, minorUnits: units }));
  const policy = policyFrom(input.policy, terms, read);
  const asOf = read.date(input.asOf, 'asOf');
  if (asOf < terms.disbursedOn)
    throw new LoanloomError('INVALID_DATE', `asOf lies before the disbursement of ${terms.disbursedOn}`, { path: 'asOf' });
  const facts = factsFrom(input.transactions, terms, policy, read);
  const keys = facts.map((fact) => fact.key);
  let folded;
  try {
    assertReversals(facts);
    folded = foldAccount({ terms, policy, facts, asOf });
  } catch (error) {
    if (!(error instanceof LoanloomError)) throw error;
    const { key, path } = error.details;
    const index = typeof key === 'string' ? keys.indexOf(key) - 1 : -1;
    const place = index >= 0 ? join('transactions', index, error.code === 'NOTHING_TO_REVERSE' ? 'of' : '') : join('terms', path ?? '');
    throw new LoanloomError(error.code, error.message, { path: place });
  }
  const money = (amount: Fen) => minorText(amount, units);
  const components = (amounts: Components) => componentsText(amounts, units);
  return {
    status: folded.status,
    installments: folded.installments.map((row) => ({
      number: row.number,
      dueOn: row.dueOn,
      due: components(row.due),
      paid: components(row.paid),
      outstanding: components(row.outstanding),
      daysPastDue: row.daysPastDue,
    })),
    outstanding: { ...components(folded.outstanding), total: money(sumOf(folded.outstanding)) },
    payoff: { on: asOf, ...components(folded.payoff), total: money(folded.payoff.total) },
    overpaid: money(folded.overpaid),
    nextDue: folded.nextDue === null ? null : { ...folded.nextDue, amount: money(folded.nextDue.amount) },
    daysPastDue: folded.daysPastDue,
    bucket: folded.bucket,
    bucketHistory: folded.bucketHistory,
    prepaidPrincipal: money(folded.prepaidPrincipal),
    interestAccrued: money(folded.interestAccrued),
    penaltyAccrued: money(folded.penaltyAccrued),
    waived: components(folded.waived),
    writtenOff: folded.writtenOff === null ? null : components(folded.writtenOff),
    chargedOffOn: folded.chargedOffOn,
    recovered: money(folded.recovered),
    refunded: money(folded.refunded),
    discounted: money(folded.discounted),
    remarks: folded.remarks.map(({ key, message }) => ({ id: key, message })),
  };
}
