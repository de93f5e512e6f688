import { accountShape, factsFrom, policyFrom } from '../../ops/calc/account-input';
import { formOf, Reader } from '../../ops/calc/reading';
import { termsFrom } from '../../ops/calc/terms-input';
import { foldAccount, settledTotals, type Account, type AccountTerms, type LoanFact } from '../../domain/loan/account';
import { factsInForce } from '../../domain/loan/account/facts';
import { sumOf } from '../../domain/money/allocation';
import { addDays, type BusinessDate } from '../../domain/time/dates';
import { fen } from '../../domain/money/money';

/** A life of a loan as the fold takes it. */
export interface Life extends AccountTerms {
  readonly facts: readonly LoanFact[];
}

export function lifeOf(raw: unknown): Life {
  const input = formOf(accountShape, raw);
  const read = new Reader(input.minorUnits ?? input.terms.minorUnits);
  const terms = termsFrom(input.terms);
  const policy = policyFrom(input.policy, terms, read);
  return { terms, policy, facts: factsFrom(input.transactions, terms, policy, read) };
}

/** A loan of at least a hundred yuan: of a few fen, interest rounded up for every stretch is more than its rows hold. */
export const isSane = (life: Life): boolean => life.terms.principal >= 10_000;

const RESTRUCTURING = new Set(['RATE_CHANGE', 'REAGE', 'REAMORTIZE', 'TERM_EXTENSION', 'HARDSHIP_PAUSE']);

const on = (life: Life, asOf: BusinessDate, ...more: LoanFact[]): Account =>
  foldAccount({ ...life, facts: [...life.facts, ...more], asOf });
const pay = (asOf: BusinessDate, amount: number): LoanFact => ({ key: '~law', type: 'REPAYMENT', amount: fen(amount), valueDate: asOf });

/** Paying exactly the quote settles; one fen less leaves one fen; one fen more is a surplus of one fen. */
function quoteLaw(life: Life, day: BusinessDate, account: Account): string[] {
  const { total } = account.payoff;
  if (account.status !== 'ACTIVE') return total === 0 ? [] : [`a loan that is ${account.status} quotes ${String(total)}`];
  if (total <= 0) return [`an active loan quotes ${String(total)}`];
  const faults: string[] = [];
  const expectLeft = (paid: number, left: number, surplus: number) => {
    const after = on(life, day, pay(day, paid));
    const isClosed = after.status === 'OVERPAID' || after.status === 'CLOSED_OBLIGATIONS_MET';
    if (after.payoff.total !== left || after.overpaid - account.overpaid !== surplus || isClosed !== (left === 0))
      faults.push(
        `quote ${String(total)}, paid ${String(paid)}: ${after.status}, left ${String(after.payoff.total)}, surplus ${String(after.overpaid - account.overpaid)}`,
      );
  };
  expectLeft(total, 0, 0);
  expectLeft(total + 1, 0, 1);
  if (total > 1) expectLeft(total - 1, 1, 0);
  return faults;
}

/** What was received is on the rows, recovered, or the borrower's; every fen of principal is repaid, owed or given up. */
function moneyLaw(life: Life, day: BusinessDate, account: Account): string[] {
  const received = factsInForce(life.facts, day).reduce(
    (sum, fact) => (fact.type === 'REPAYMENT' || fact.type === 'RECOVERY_REPAYMENT' ? sum + fact.amount : sum),
    0,
  );
  const { surplus, recovered, ...components } = settledTotals(account);
  const kept = sumOf(components) + surplus + recovered;
  const faults: string[] = [];
  if (received + account.discounted - account.refunded !== kept)
    faults.push(
      `received ${String(received)} + discounted ${String(account.discounted)} − refunded ${String(account.refunded)} ≠ kept ${String(kept)}`,
    );
  const lent = life.terms.principal;
  const accounted = components.principal + account.outstanding.principal + (account.writtenOff?.principal ?? 0);
  if (lent !== accounted) faults.push(`lent ${String(lent)} ≠ repaid, owed and given up ${String(accounted)}`);
  for (const row of account.installments)
    for (const name of ['penalty', 'fee', 'interest', 'principal'] as const)
      if (row.paid[name] < 0 || row.paid[name] > row.due[name])
        faults.push(`row ${String(row.number)} has paid ${String(row.paid[name])} of ${String(row.due[name])} ${name}`);
  return faults;
}

/** Where rows stand, a payoff never costs more than paying the coming installments today. */
function fairnessLaw(life: Life, account: Account): string[] {
  const follows = life.policy?.interestOn === 'actual' && life.terms.method !== 'flat';
  const open = sumOf(account.outstanding);
  return follows || account.payoff.total <= open
    ? []
    : [`the payoff ${String(account.payoff.total)} costs more than the installments ${String(open)}`];
}

/** Nothing that was earned or charged vanishes by a restructuring on its day. */
function restructuringLaw(life: Life): string[] {
  return life.facts.flatMap((fact) => {
    if (!RESTRUCTURING.has(fact.type)) return [];
    const known = life.facts.filter((each) => each.valueDate < fact.valueDate);
    const [before, after] = [known, [...known, fact]].map((facts) => foldAccount({ ...life, facts, asOf: fact.valueDate }));
    if (!before || !after || before.status !== 'ACTIVE') return [];
    const owed = (account: Account) => [account.interestAccrued, account.penaltyAccrued, account.payoff.fee + settledTotals(account).fee];
    const [a, b] = [owed(before), owed(after)];
    const feeApplies = life.policy?.payoffFee == null;
    return a.every((amount, index) => amount === b[index] || (index === 2 && !feeApplies))
      ? []
      : [`${fact.type} on ${fact.valueDate} changed what was earned or charged: ${a.join(', ')} became ${b.join(', ')}`];
  });
}

/** A pause without interest earns nothing on any of its days. */
function pauseLaw(life: Life): string[] {
  return life.facts.flatMap((fact) => {
    if (fact.type !== 'HARDSHIP_PAUSE' || fact.interest !== 'none') return [];
    const facts = life.facts.filter((each) => each.valueDate <= fact.valueDate);
    const earned = new Set<number>();
    for (let day = fact.valueDate; day <= fact.until; day = addDays(day, day === fact.valueDate ? 1 : 9))
      earned.add(foldAccount({ ...life, facts, asOf: day }).interestAccrued);
    return earned.size > 1 ? [`the pause of ${fact.valueDate} to ${fact.until} earned: ${[...earned].join(', ')}`] : [];
  });
}

/** Every law of the account that a life breaks, at the days between its facts; empty for a sound fold. */
export function brokenLaws(life: Life): string[] {
  const dates = new Set(life.facts.map((fact) => fact.valueDate));
  const days = [...dates].map((day) => addDays(day, 1)).filter((day) => !dates.has(day));
  const last = [...dates].sort().at(-1) ?? life.terms.disbursedOn;
  const faults = [...days, addDays(last, 400)].flatMap((day) => {
    const account = on(life, day);
    return [...quoteLaw(life, day, account), ...moneyLaw(life, day, account), ...fairnessLaw(life, account)].map(
      (fault) => `${day}: ${fault}`,
    );
  });
  return [...faults, ...restructuringLaw(life), ...pauseLaw(life)];
}
