import fc from 'fast-check';
import { attemptNumber, debitWorkflowId, disbursementWorkflowId, keys, workflowShapes, type Shape } from '../../domain/keys';

/** Guarantee: what a key looks like never changes: the same step writes the same key before and after a redeploy. */
const WORKFLOWS: readonly (readonly [keyof typeof workflowShapes, string])[] = [
  ['application', 'application-7k3m9q'],
  ['loan', 'loan-7k3m9q'],
  ['disbursement', 'disbursement-debit-7k3m9q-2026-12-26-1'],
  ['debit', 'debit-7k3m9q-2026-12-26-1'],
  ['debitAgain', 'debit-7k3m9q-2026-12-26-1-w1'],
  ['debitResumed', 'debit-7k3m9q-2026-12-26-1-r1'],
  ['debitAgainResumed', 'debit-7k3m9q-2026-12-26-1-w1-r1'],
  ['debitQuery', 'debit-7k3m9q-2026-12-26-1-q1'],
  ['afterRestore', 'loan-7k3m9q-e2'],
  ['reconciliation', 'reconciliation-wallet-2026-12-26'],
  ['break', 'break-4'],
  ['close', 'close-2026-12-26'],
];
const KEYS: readonly (readonly [keyof typeof keys, string])[] = [
  ['payoutInstruction', 'payout-7k3m9q-1'],
  ['debitInstruction', 'debit-7k3m9q-2026-12-26-1'],
  ['refundInstruction', 'refund-7k3m9q-1'],
  ['attempt', 'debit-7k3m9q-2026-12-26-1a1'],
  ['disbursement', 'disbursement:debit-7k3m9q-2026-12-26-1'],
  ['repayment', 'repayment:debit-7k3m9q-2026-12-26-1'],
  ['refund', 'refund:debit-7k3m9q-2026-12-26-1'],
  ['returned', 'returned:debit-7k3m9q-20261226-1a1'],
  ['adjustment', 'adjustment:cmd-81'],
  ['doubt', 'doubt:debit-7k3m9q-2026-12-26-1'],
  ['suspenseApplied', 'break:4:applied'],
  ['paymentSent', 'payment:debit-7k3m9q-20261226-1a1:sent'],
  ['paymentVoided', 'payment:debit-7k3m9q-20261226-1a1:voided'],
  ['paymentSucceeded', 'payment:debit-7k3m9q-20261226-1a1:succeeded'],
  ['paymentReturned', 'payment:debit-7k3m9q-20261226-1a1:returned'],
  ['doubtChanged', 'doubt:debit-7k3m9q-2026-12-26-1:began'],
  ['accrualOfDay', 'accrual:installment-12:interest:2026-12-26'],
  ['accrualOfLoan', 'accrual:7k3m9q:interest:settled'],
  ['accrualReturned', 'accrual:7k3m9q:interest:returned:debit-7k3m9q-20261226-1a1'],
  ['chargeOffEntry', 'loan:7k3m9q:charge-off'],
  ['adjustmentEntry', 'loan:7k3m9q:repayment:debit-7k3m9q-2026-12-26-1'],
  ['suspended', 'break:4:suspense'],
  ['suspenseHealed', 'break:4:healed'],
  ['suspenseWrittenOff', 'break:4:written-off'],
  ['writeOffReversed', 'break:4:reversed:written-off'],
  ['channelFees', 'fees:wallet:2026-12-26'],
  ['identityDelayed', 'identity-delayed:1'],
  ['contractSealed', 'sealed'],
  ['sealingDelayed', 'sealing-delayed:0c4f81ad52e97b36:1'],
  ['sealingDelayedAlarm', 'sealing-delayed:7k3m9q:0c4f81ad52e97b36:1'],
  ['contractCopyMail', 'contract-copy:7k3m9q'],
  ['statusMoved', 'status:DRAFT:SUBMITTED'],
  ['statusMovedAgain', 'status:DRAFT:SUBMITTED:1'],
  ['halfTime', 'half-time:DRAFT:1'],
  ['identityDelayedAlarm', 'identity-delayed:7k3m9q:1'],
  ['cardSubject', 'card:5d20'],
  ['identityChangeSubject', 'identity-change:7b1c09'],
  ['identityQuestion', '7k3m9q/ID_NAME/3/1'],
  ['sourceContradicts', 'contradicts:0c4f81ad52e97b36'],
  ['halfTimeMail', 'half-time:7k3m9q:DRAFT:1'],
  ['reopenedFor', 'reopened-for:1'],
  ['stepSaved', 'step:identity:3'],
  ['payoutConfirmed', 'payout-confirmed:debit-7k3m9q-2026-12-26-1'],
  ['payoutFailed', 'payout-failed:debit-7k3m9q-2026-12-26-1'],
  ['payoutReturned', 'payout-returned:debit-7k3m9q-20261226-1a1'],
  ['payoutReauthorized', 'reauthorized:debit-7k3m9q-2026-12-26-1'],
  ['debitDay', 'debit:2026-12-26'],
  ['debitFailed', 'debit-failed:debit-7k3m9q-2026-12-26-1'],
  ['debitGaveWay', 'gave-way:2026-12-26:1'],
  ['debitInDoubt', 'in-doubt:debit-7k3m9q-2026-12-26-1:1'],
  ['repaymentReceived', 'received:debit-7k3m9q-2026-12-26-1'],
  ['repaymentReturned', 'repayment-returned:debit-7k3m9q-20261226-1a1'],
  ['repaymentRequested', 'requested:cmd-81'],
  ['refunded', 'refunded:debit-7k3m9q-2026-12-26-1'],
  ['refundNotNeeded', 'not-needed:debit-7k3m9q-2026-12-26-1'],
  ['outcomeChanged', 'outcome:debit-7k3m9q-20261226-1a1'],
  ['reopened', 'reopened:repayment:debit-7k3m9q-2026-12-26-1'],
  ['promiseMade', 'promise:cmd-81'],
  ['promiseResolved', 'promise:cmd-82:resolved'],
  ['holdPlaced', 'hold:cmd-81'],
  ['holdReleased', 'release:cmd-81'],
  ['cardChanged', 'card:cmd-81'],
  ['missedContact', 'missed:contact:2026-12-26:3'],
  ['operatorNeeded', 'operator:debit-7k3m9q-2026-12-26-1'],
  ['withdrawalEnds', 'withdrawal-ends:2026-12-26'],
  ['withdrawal', 'withdrawal:cmd-81'],
  ['withdrawalMail', 'withdrawal:7k3m9q:cmd-81'],
  ['holdEnds', 'release:2026-12-26T01:30:00.000Z'],
  ['payOut', 'payout:debit-7k3m9q-2026-12-26-1'],
  ['debitNow', 'debit:debit-7k3m9q-2026-12-26-1'],
  ['debitResumed', 'debit:debit-7k3m9q-2026-12-26-1:1'],
  ['debitQuery', 'query:debit-7k3m9q-2026-12-26-1:1'],
  ['settleAgain', 'settle:2'],
  ['refundNow', 'refund:debit-7k3m9q-2026-12-26-1'],
  ['remind', 'remind:2026-12-26'],
  ['remindOfPayout', 'remind:2026-12-26:payout-2'],
  ['contact', 'contact:2026-12-26:3'],
  ['factNotice', 'fact:7k3m9q:repayment:debit-7k3m9q-2026-12-26-1'],
  ['commandFact', 'command:cmd-81'],
  ['breakOpenedFact', 'break:4:OPENED'],
  ['breakMoved', 'break:4:DRAFT:2026-12-26T01:30:00.000Z'],
  ['breakOpened', 'break:4'],
  ['breakMovedFact', 'break:4:DRAFT'],
  ['hint', 'hint:wallet:evt-9'],
  ['mail', 'mail:settled:7k3m9q:settle'],
  ['contactOut', 'contact:7k3m9q:contact:2026-12-26:3'],
  ['alarm', 'alarm:settled:7k3m9q:settle'],
  ['attentionAlarm', 'attention:7k3m9q:0c4f81ad52e97b36:2026-12-27'],
  ['troubleAlarm', 'trouble:loan-7k3m9q:DATA_REFUSED:2026-12-27'],
  ['undeliverableAlarm', 'undeliverable:51'],
  ['balanceAlarm', 'balance:wallet:2026-12-26'],
  ['reminderMail', '7k3m9q:settled'],
  ['settledMail', 'settled:7k3m9q:settled'],
  ['scheduleMail', 'schedule:7k3m9q:repayment:debit-7k3m9q-2026-12-26-1'],
  ['referredBackMail', 'referred-back:7k3m9q:1'],
  ['cardChangedMail', 'card-changed:cmd-81'],
  ['identityCode', 'identity-code:cmd-81:email'],
  ['identityChanged', 'identity-changed:cmd-81'],
  ['identityChangedPrevious', 'identity-changed:cmd-81:previous'],
  ['settlementDay', 'settlement:2026-12-26'],
  ['netOfDay', 'net:2026-12-26'],
  ['finding', 'finding:debit-7k3m9q-20261226-1a1'],
  ['restored', 'restored:2'],
  ['consentEnds', 'consent-ends:cmd-81:7k3m9q'],
  ['epoch', 'epoch-2'],
  ['borrower', 'borrower:b-17'],
  ['operator', 'operator:lin'],
];

describe('keys', () => {
  it('has the workflow ids that are listed here', () => {
    expect(Object.entries(workflowShapes).map(([name, shape]) => [name, shape.example])).toEqual(WORKFLOWS);
  });

  it('has the keys that are listed here', () => {
    expect(Object.entries(keys).map(([name, shape]) => [name, shape.example])).toEqual(KEYS);
  });

  it.each([...Object.entries<Shape>(workflowShapes), ...Object.entries<Shape>(keys)])('%s: other values are another key', (_, shape) => {
    const places = shape.pattern.split('{').length - 1;
    const values = fc.array(fc.stringMatching(/^[0-9a-z]{1,6}$/), { minLength: places, maxLength: places });
    const write = shape as (...of: string[]) => string;
    fc.assert(
      fc.property(values, values, (one, other) => {
        expect(write(...one) === write(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });

  it('says of each what has it', () => {
    for (const { identifies } of [...Object.values(workflowShapes), ...Object.values(keys)]) expect(identifies.length).toBeGreaterThan(3);
  });

  it('shortens an order number to what a channel takes', () => {
    const longest = keys.debitInstruction('7k3m9q7k3m9q', '2026-12-26', 99);
    expect(attemptNumber(longest, 9)).toBe('debit-7k3m9q7k3m9q-20261226-99a9');
    expect(attemptNumber(longest, 9).length).toBeLessThanOrEqual(35);
  });

  it('gives each presenting of a debit, and each question about it, a workflow of its own', () => {
    const of = (more: Parameters<typeof debitWorkflowId>[3]) => debitWorkflowId('l', '2026-12-26', 1, more);
    const ids = [of({}), of({ round: 1 }), of({ resume: 0 }), of({ round: 1, resume: 2 }), of({ query: 1 })];
    expect(ids).toEqual(['', '-w1', '-r0', '-w1-r2', '-q1'].map((end) => `debit-l-2026-12-26-1${end}`));
    expect(of({ round: 0 })).toBe(of({}));
  });

  it('gives a payment another workflow in each restore epoch, and the plain one before the first restore', () => {
    const of = (epoch?: number) => [
      disbursementWorkflowId('payout-l-1', epoch),
      debitWorkflowId('l', '2026-12-26', 1, { query: 3, epoch }),
    ];
    expect(of(1)).toEqual(of());
    expect(of(2)).toEqual(['disbursement-payout-l-1-e2', 'debit-l-2026-12-26-1-q3-e2']);
    expect(new Set([1, 2, 3, 12].flatMap(of)).size).toBe(8);
  });
});
