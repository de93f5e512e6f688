/** How ids of payments to borrowers begin, by direction: what a channel calls by such a number was sent by us. */
export const PAYMENT_PREFIX = { payout: 'payout-', refund: 'refund-' } as const;

/** Names of the places in a shape's pattern, with what stands there in examples. */
const EXAMPLES = {
  account: 'settlement',
  amount: '125000',
  application: '7k3m9q',
  approval: '1',
  attempt: '1',
  borrower: 'b-17',
  break: '4',
  card: '5d20',
  change: '7b1c09',
  channel: 'wallet',
  check: 'ID_NAME',
  code: 'DATA_REFUSED',
  command: 'cmd-81',
  component: 'interest',
  contact: 'contact:2026-12-26:3',
  date: '2026-12-26',
  day: '2026-12-27',
  days: '3',
  end: 'began',
  entry: 'settled',
  epoch: '2',
  event: 'evt-9',
  fact: 'repayment:debit-7k3m9q-2026-12-26-1',
  instant: '2026-12-26T01:30:00.000Z',
  instruction: 'debit-7k3m9q-2026-12-26-1',
  loan: '7k3m9q',
  mail: 'settled:7k3m9q:settle',
  next: 'SUBMITTED',
  number: 'debit-7k3m9q-20261226-1a1',
  operator: 'lin',
  payouts: '2',
  place: 'email',
  presentment: '1',
  product: 'installment-12',
  promise: 'cmd-82',
  query: '1',
  reason: '0c4f81ad52e97b36',
  resume: '1',
  request: '0c4f81ad52e97b36',
  round: '1',
  row: '51',
  serial: '1',
  state: 'DRAFT',
  step: 'identity',
  times: '2',
  version: '3',
  workflow: 'loan-7k3m9q',
} as const;
type Place = keyof typeof EXAMPLES;

type PlacesOf<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? readonly [Name, ...PlacesOf<Rest>] : readonly [];
type ValuesOf<Places extends readonly unknown[]> = { readonly [Index in keyof Places]: string | number };

/** How one kind of key is written. Two calls with the same values are the same key; no key is ever taken apart again. */
export interface Shape<P extends string = string> {
  (...values: ValuesOf<PlacesOf<P>>): string;
  readonly pattern: P;
  /** What has this key: one of it exists, however often the step that writes it is repeated. */
  readonly identifies: string;
  readonly example: string;
}

function shape<const P extends string>(pattern: P, identifies: string): Shape<P> {
  const parts = pattern.split(/\{([a-z]+)\}/);
  const write = (...values: readonly (string | number)[]) =>
    parts.map((part, index) => (index % 2 === 0 ? part : String(values[(index - 1) / 2]))).join('');
  const places = parts.filter((_, index) => index % 2 === 1) as Place[];
  return Object.assign(write, { pattern, identifies, example: write(...places.map((place) => EXAMPLES[place])) });
}

/** Temporal's workflow ids: business identity only, never a clock, a run id or a random number (design §3). */
export const workflowShapes = {
  application: shape('application-{application}', 'an application’s life up to its loan'),
  loan: shape('loan-{loan}', 'a loan’s life: the next chapter of the application with the same id'),
  disbursement: shape('disbursement-{instruction}', 'a payout or refund on its way'),
  debit: shape('debit-{loan}-{date}-{presentment}', 'a debit on its way'),
  debitAgain: shape('debit-{loan}-{date}-{presentment}-w{round}', 'a debit that had given way to a payment of the borrower’s'),
  debitResumed: shape('debit-{loan}-{date}-{presentment}-r{resume}', 'a debit taken up again, its workflow being gone'),
  debitAgainResumed: shape('debit-{loan}-{date}-{presentment}-w{round}-r{resume}', 'both'),
  debitQuery: shape('debit-{loan}-{date}-{presentment}-q{query}', 'a question about a debit: it can only ask'),
  afterRestore: shape('{workflow}-e{epoch}', 'a payment’s workflow of a later restore epoch: one of the time that was lost may have ended'),
  reconciliation: shape('reconciliation-{channel}-{date}', 'a channel’s day being matched'),
  break: shape('break-{break}', 'a break being cleared'),
  close: shape('close-{date}', 'the close of a business day'),
} as const;

/** Business keys (design §4): UNIQUE in the database, the same however often the step is repeated. */
export const keys = {
  // Payments and their attempts.
  payoutInstruction: shape('payout-{loan}-{approval}', 'the payout of one approval'),
  debitInstruction: shape('debit-{loan}-{date}-{presentment}', 'one debit of a business date'),
  refundInstruction: shape('refund-{loan}-{serial}', 'one refund of a surplus'),
  attempt: shape('{instruction}a{attempt}', 'an attempt at a channel: its order number (ISO 20022 EndToEndId)'),

  // Facts of an account.
  disbursement: shape('disbursement:{instruction}', 'the fact that a payout arrived'),
  repayment: shape('repayment:{instruction}', 'the fact that a debit was paid'),
  refund: shape('refund:{instruction}', 'the fact that a refund arrived'),
  returned: shape('returned:{number}', 'the fact that a payment came back'),
  adjustment: shape('adjustment:{command}', 'a decision about the account'),
  doubt: shape('doubt:{instruction}', 'a debit whose outcome nobody knows, in the fold'),
  suspenseApplied: shape('break:{break}:applied', 'an unexplained receipt that became a repayment'),

  // Journal entries.
  paymentSent: shape('payment:{number}:sent', 'entry: on its way'),
  paymentVoided: shape('payment:{number}:voided', 'entry: proved failed'),
  paymentSucceeded: shape('payment:{number}:succeeded', 'entry: confirmed'),
  paymentReturned: shape('payment:{number}:returned', 'entry: came back'),
  doubtChanged: shape('doubt:{instruction}:{end}', 'entry: what a doubt moved when it began or ended'),
  accrualOfDay: shape('accrual:{product}:{component}:{date}', 'entry: what a day earned on a product’s loans'),
  accrualOfLoan: shape('accrual:{loan}:{component}:{entry}', 'entry: what a loan earned up to something, before it is booked'),
  accrualReturned: shape('accrual:{loan}:{component}:returned:{number}', 'entry: income of a payout that came back'),
  chargeOffEntry: shape('loan:{loan}:charge-off', 'entry: the charge-off'),
  adjustmentEntry: shape('loan:{loan}:{fact}', 'entry: a decision about the account'),
  suspended: shape('break:{break}:suspense', 'entry: money into suspense'),
  suspenseHealed: shape('break:{break}:healed', 'entry: money out of suspense'),
  suspenseWrittenOff: shape('break:{break}:written-off', 'entry: suspense kept or lost'),
  writeOffReversed: shape('break:{break}:reversed:written-off', 'entry: what was kept or lost came back'),
  channelFees: shape('fees:{channel}:{date}', 'entry: what a channel’s day costs'),

  // Events of a loan or application.
  identityDelayed: shape('identity-delayed:{round}', 'event: an identity source has been silent for as long as the product allows'),
  contractSealed: shape('sealed', 'event: the signed contract was sealed'),
  sealingDelayed: shape('sealing-delayed:{reason}:{round}', 'event: the seal of a signed contract is refused, or missing for too long'),
  sealingDelayedAlarm: shape('sealing-delayed:{application}:{reason}:{round}', 'alarm: the same'),
  contractCopyMail: shape('contract-copy:{application}', 'mail: a copy of the sealed contract'),
  statusMoved: shape('status:{state}:{next}', 'event: an application’s step from one status to the next'),
  statusMovedAgain: shape('status:{state}:{next}:{round}', 'the same, in a later round of the application'),
  halfTime: shape('half-time:{state}:{round}', 'event: the borrower was reminded half-way to a deadline of their application'),
  identityDelayedAlarm: shape('identity-delayed:{application}:{round}', 'alarm: the same'),
  cardSubject: shape('card:{card}', 'a card, as what the card network is asked for'),
  identityChangeSubject: shape('identity-change:{change}', 'a change of identity, as what identity sources are asked for'),
  identityQuestion: shape(
    '{application}/{check}/{version}/{serial}',
    'what an identity source is asked about a subject’s data; its hash is the request’s id',
  ),
  sourceContradicts: shape('contradicts:{request}', 'alarm: an identity source answered one question in two ways'),
  halfTimeMail: shape('half-time:{application}:{state}:{round}', 'mail: the same'),
  reopenedFor: shape('reopened-for:{round}', 'event: an application goes back to its borrower, for this round'),
  stepSaved: shape('step:{step}:{version}', 'event: a saved version of a form’s step'),
  payoutConfirmed: shape('payout-confirmed:{instruction}', 'event: the money arrived'),
  payoutFailed: shape('payout-failed:{instruction}', 'event: every channel refused'),
  payoutReturned: shape('payout-returned:{number}', 'event: the money came back'),
  payoutReauthorized: shape('reauthorized:{instruction}', 'event: a person lets it go once more'),
  debitDay: shape('debit:{date}', 'event: the scheduled debit of a date was presented'),
  debitFailed: shape('debit-failed:{instruction}', 'event: no channel could take it'),
  debitGaveWay: shape('gave-way:{date}:{round}', 'event: a scheduled debit gave way to a payment of the borrower’s'),
  debitInDoubt: shape('in-doubt:{instruction}:{query}', 'event: a question left its outcome open'),
  repaymentReceived: shape('received:{instruction}', 'event: a repayment arrived'),
  repaymentReturned: shape('repayment-returned:{number}', 'event: a repayment was taken back'),
  repaymentRequested: shape('requested:{command}', 'event: the borrower asked to pay'),
  refunded: shape('refunded:{instruction}', 'event: a surplus went back'),
  refundNotNeeded: shape('not-needed:{instruction}', 'event: nothing was left to refund'),
  outcomeChanged: shape('outcome:{number}', 'event: a payment’s outcome is known'),
  reopened: shape('reopened:{fact}', 'event: a fact opened a closed loan again'),
  promiseMade: shape('promise:{command}', 'event: a promise to pay'),
  promiseResolved: shape('promise:{promise}:resolved', 'event: it was kept or broken'),
  holdPlaced: shape('hold:{command}', 'event: a hold'),
  holdReleased: shape('release:{command}', 'event: the end of a hold'),
  cardChanged: shape('card:{command}', 'event: another card'),
  missedContact: shape('missed:{contact}', 'event: a contact could not be delivered'),

  // Appointments of a loan (those that are events too have the event’s key).
  operatorNeeded: shape('operator:{instruction}', 'appointment: a person decides about a payment that failed'),
  withdrawalEnds: shape('withdrawal-ends:{date}', 'appointment: the time to pay back after a withdrawal is over'),
  withdrawal: shape('withdrawal:{command}', 'the fact, and the event, that the borrower withdrew after the payout'),
  withdrawalMail: shape('withdrawal:{loan}:{command}', 'mail: what is to be paid back'),
  holdEnds: shape('release:{instant}', 'appointment: a hold runs out'),
  payOut: shape('payout:{instruction}', 'appointment: pay the loan out'),
  debitNow: shape('debit:{instruction}', 'appointment: present a debit that waits'),
  debitResumed: shape('debit:{instruction}:{attempt}', 'appointment: present it over another channel'),
  debitQuery: shape('query:{instruction}:{query}', 'appointment: ask how a debit ended'),
  settleAgain: shape('settle:{times}', 'appointment: close a loan that had been reopened'),
  refundNow: shape('refund:{instruction}', 'appointment: refund a surplus'),
  remind: shape('remind:{date}', 'appointment and event: before a due date'),
  remindOfPayout: shape('remind:{date}:payout-{payouts}', 'the same after another payout'),
  contact: shape('contact:{date}:{days}', 'appointment and event: a step of the ladder for a due date'),

  // The outbox.
  factNotice: shape('fact:{loan}:{fact}', 'a loan has news'),
  commandFact: shape('command:{command}', 'the news that a command was decided'),
  breakOpenedFact: shape('break:{break}:OPENED', 'the news that a break was opened'),
  breakMoved: shape('break:{break}:{state}:{instant}', 'a break has news'),
  breakOpened: shape('break:{break}', 'a break was opened: it gets its workflow'),
  breakMovedFact: shape('break:{break}:{state}', 'the news that a loan’s break was closed'),
  hint: shape('hint:{channel}:{event}', 'a channel’s webhook'),
  mail: shape('mail:{mail}', 'a mail to a borrower'),
  contactOut: shape('contact:{loan}:{contact}', 'a contact to be delivered'),
  alarm: shape('alarm:{mail}', 'a mail to the people on duty'),
  attentionAlarm: shape('attention:{loan}:{reason}:{day}', 'an alarm: a loan waits for a person'),
  troubleAlarm: shape('trouble:{workflow}:{code}:{day}', 'an alarm: a workflow cannot go on'),
  undeliverableAlarm: shape('undeliverable:{row}', 'an alarm: a message was given up'),
  balanceAlarm: shape('balance:{channel}:{date}', 'an alarm: a channel’s balance is below its floor'),

  // Mails.
  reminderMail: shape('{loan}:{entry}', 'the letter before a due date'),
  settledMail: shape('settled:{loan}:{entry}', 'the letter that a loan is closed'),
  scheduleMail: shape('schedule:{loan}:{fact}', 'the letter about a new schedule'),
  referredBackMail: shape('referred-back:{application}:{round}', 'mail: an application went back to its borrower, for this round'),
  cardChangedMail: shape('card-changed:{command}', 'the letter about another card'),
  identityCode: shape('identity-code:{command}:{place}', 'a code for a change of identity'),
  identityChanged: shape('identity-changed:{command}', 'the letter to the new address'),
  identityChangedPrevious: shape('identity-changed:{command}:previous', 'the letter to the old address'),

  // Subjects of breaks and audit.
  settlementDay: shape('settlement:{date}', 'the INTERNAL break of a settlement account’s day'),
  netOfDay: shape('net:{date}', 'the INTERNAL break of a file’s net that its findings do not explain'),
  finding: shape('finding:{number}', 'the INTERNAL break of a finding that cannot be applied'),
  restored: shape('restored:{epoch}', 'the audit row of a restore that was cleared'),
  consentEnds: shape(
    'consent-ends:{command}:{application}',
    'the cancelling of an application whose person withdrew a consent that it needs',
  ),
  epoch: shape('epoch-{epoch}', 'the epoch that it cleared'),

  // Who did something.
  borrower: shape('borrower:{borrower}', 'a borrower'),
  operator: shape('operator:{operator}', 'an operator'),
} as const satisfies Record<string, Shape>;

/** The restore epoch of a database that was never restored: its workflow ids do not name it. */
export const FIRST_EPOCH = 1;

const inEpoch = (workflowId: string, epoch = FIRST_EPOCH) =>
  epoch > FIRST_EPOCH ? workflowShapes.afterRestore(workflowId, epoch) : workflowId;

/** The workflow of a payout or refund, begun in a restore epoch: in the epochs before, Temporal may know one that completed. */
export function disbursementWorkflowId(instructionId: string, epoch?: number): string {
  return inEpoch(workflowShapes.disbursement(instructionId), epoch);
}

/** A debit’s workflow, begun in a restore epoch: a question about it has an id of its own, and so has a presenting after it gave way to another payment. */
export function debitWorkflowId(
  loan: string,
  date: string,
  presentment: number,
  more: { query?: number | undefined; round?: number | undefined; resume?: number | undefined; epoch?: number | undefined } = {},
): string {
  const { query, round, resume, epoch } = more;
  const { debit, debitAgain, debitResumed, debitAgainResumed, debitQuery } = workflowShapes;
  const inFirst = () => {
    if (query !== undefined) return debitQuery(loan, date, presentment, query);
    if (round)
      return resume === undefined ? debitAgain(loan, date, presentment, round) : debitAgainResumed(loan, date, presentment, round, resume);
    return resume === undefined ? debit(loan, date, presentment) : debitResumed(loan, date, presentment, resume);
  };
  return inEpoch(inFirst(), epoch);
}

/** An attempt’s order number: its instruction’s id with the date shortened, so that it stays within 35 characters. */
export function attemptNumber(instructionId: string, attempt: number): string {
  return keys.attempt(instructionId.replace(/(\d{4})-(\d\d)-(\d\d)/, '$1$2$3'), attempt);
}
