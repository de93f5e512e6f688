import { VERBS } from '../../ops/calc/verbs';
import cases from './cases/account-faults.json';

interface Answer {
  readonly status: string;
  readonly outstanding: { readonly total: string };
  readonly payoff: { readonly total: string };
  readonly overpaid: string;
  readonly recovered: string;
  readonly installments: readonly { readonly due: Record<string, string>; readonly outstanding: Record<string, string> }[];
  readonly nextDue: { readonly amount: string } | null;
  readonly remarks: readonly { readonly id: string }[];
}

/** The answers to every input of a case, in its order. */
function answersOf(id: string): Answer[] {
  const each = cases.find((known) => known.id === id);
  return each!.inputs.map((input) => VERBS.account!(input) as Answer);
}
const left = (answer: Answer) => [answer.outstanding.total, answer.payoff.total, answer.overpaid];
const payoffs = (id: string) => answersOf(id).map((answer) => answer.payoff.total);

/** Reports of other systems' users, tried on ours; right values by an independent program with exact fractions. */
describe('what users of other lending systems reported does not happen here', () => {
  it('R11: a fee that is unpaid when a loan is re-aged is owed after it too', () => {
    expect(answersOf('R11').map(left)).toEqual([
      ['1020.00', '1020.00', '0.00'],
      ['1020.00', '1020.00', '0.00'],
      ['20.00', '20.00', '0.00'],
    ]);
  });

  it('R11b: a fee that is charged and paid changes no installment of a re-aged loan', () => {
    const [withFee, without] = answersOf('R11b').map((answer) =>
      answer.installments
        .filter((row) => row.outstanding.principal !== '0.00')
        .map((row) => [row.outstanding.principal, row.outstanding.interest]),
    );
    expect(withFee).toEqual(without);
    expect(answersOf('R11b')[0]!.nextDue!.amount).toBe('2070.58');
  });

  it('R13: what a refund left owing is closed by paying it, once', () => {
    const [before, after, later] = answersOf('R13');
    expect(left(before!)).toEqual(['499.09', '499.09', '0.00']);
    for (const answer of [after!, later!])
      expect([answer.status, ...left(answer)]).toEqual(['CLOSED_OBLIGATIONS_MET', '0.00', '0.00', '0.00']);
  });

  it('R13b: a fee after an early settlement is closed by paying it', () => {
    const [before, ...after] = answersOf('R13b');
    expect(left(before!)).toEqual(['10.00', '10.00', '0.00']);
    for (const answer of after) expect([answer.status, ...left(answer)]).toEqual(['CLOSED_OBLIGATIONS_MET', '0.00', '0.00', '0.00']);
  });

  it('R16: a pause without interest earns nothing on any of its days', () => {
    const each = cases.find(({ id }) => id === 'R16')!;
    for (const [index, input] of each.inputs.entries()) {
      const expected = input.asOf < '2026-01-30' ? '12073.55' : '12077.42';
      expect([index, input.asOf, payoffs('R16')[index]]).toEqual([index, input.asOf, expected]);
    }
  });

  it('R19: interest that was paid ahead and never earned lessens the payoff, before and after the last due date', () => {
    const [before, ...after] = answersOf('R19');
    expect(before!.payoff.total).toBe('8004.90');
    for (const answer of after) expect([answer.status, ...left(answer)]).toEqual(['CLOSED_OBLIGATIONS_MET', '0.00', '0.00', '0.00']);
  });

  it('R20: one fen less than the quote leaves one fen', () => {
    for (const answer of answersOf('R20')) expect(left(answer)).toEqual(['0.01', '0.01', '0.00']);
  });

  it('R20b: a closed loan quotes nothing, and no payoff costs more than the coming installments', () => {
    const [closed, open, settled] = answersOf('R20b');
    expect([closed!.status, ...left(closed!)]).toEqual(['CLOSED_OBLIGATIONS_MET', '0.00', '0.00', '0.00']);
    expect(left(open!)).toEqual(['12093.00', '12093.00', '0.00']);
    expect([settled!.status, ...left(settled!)]).toEqual(['CLOSED_OBLIGATIONS_MET', '0.00', '0.00', '0.00']);
  });

  it('R21: a recovery above what was written off is the borrower’s', () => {
    const [answer] = answersOf('R21');
    expect([answer!.recovered, answer!.overpaid]).toEqual(['12402.98', '7597.02']);
  });

  it('R22: a payment that is learned late settles the loan, and the decision taken meanwhile has nothing left to act on', () => {
    for (const answer of answersOf('R22')) {
      expect([answer.status, ...left(answer)]).toEqual(['CLOSED_OBLIGATIONS_MET', '0.00', '0.00', '0.00']);
      expect(answer.remarks.map((remark) => remark.id)).toEqual(['a']);
    }
  });

  it('R26: interest of one stretch is rounded once, whatever interest was paid within it', () => {
    const [untouched, paid] = answersOf('R26');
    expect(untouched!.payoff.total).toBe('12239.90');
    expect(paid!.payoff.total).toBe('12119.90');
  });
});
