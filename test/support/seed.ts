import { randomBytes, randomUUID } from 'node:crypto';
import { consentText, REQUIRED_CONSENTS, type ConsentKind } from '../../domain/party/consents';
import { consentSha256, grantConsent } from '../../services/party/consents';
import { readApplication } from '../../db/application/applications';
import { businessNow, clockOffsetMs, setClockOffset } from '../../db/clock';
import { confirmDisclosure, showDisclosure } from '../../services/application/disclosure';
import { draftAddress } from '../../services/application/application-steps';
import type { ActivityDeps } from '../../services/deps';
import { postEntry } from '../../db/ledger/journal';
import { insertLoan, updateLoan } from '../../db/loan/loans';
import { insertSchedule, insertTransaction } from '../../db/loan/loan-facts';
import type { Tx } from '../../db/pool';
import type { LoanFact } from '../../domain/loan/account';
import { businessDateOf, instant, type BusinessDate, type Instant } from '../../domain/time/dates';
import { loanIdFrom, taskQueues, type LoanId } from '../../domain/ids';
import { fen, type Fen } from '../../domain/money/money';
import { scheduleFor } from '../../domain/product/offer';
import { inventPerson, type Person } from '../../dev/demo/person';
import type { Client } from '@temporalio/client';
import { workflowShapes } from '../../domain/keys';
import { PostingLine } from '../../domain/ledger/postings';

let nextPerson = Number.parseInt(randomBytes(2).toString('hex'), 16);

/** An invented borrower, registered with identity and card. */
export async function seedBorrower(deps: ActivityDeps): Promise<{ person: Person; cardId: string }> {
  nextPerson += 1;
  const person = inventPerson(nextPerson, 1);
  return deps.db.transaction(async (tx) => {
    await deps.borrowers.ensure(tx, person.borrowerId);
    await deps.borrowers.saveIdentity(tx, person.borrowerId, person);
    await agreeTo(tx, person.borrowerId);
    return { person, cardId: await deps.borrowers.saveCard(tx, person.borrowerId, person.cardNumber) };
  });
}

/** A loan that is ready to be paid out: signed application, approved loan row. */
export async function seedLoan(
  deps: ActivityDeps,
  terms: { principalFen?: number; termMonths?: number; productId?: string } = {},
): Promise<{ loanId: LoanId; person: Person }> {
  const { person, cardId } = await seedBorrower(deps);
  const loanId = loanIdFrom(randomBytes(12));
  const now = instant(Date.now());
  const product = deps.catalogue.current(terms.productId ?? 'consumer-installment', businessDateOf(now));
  await deps.db.transaction(async (tx) => {
    await tx('applications').insert({
      id: loanId,
      borrower_id: person.borrowerId,
      product_id: product.id,
      product_version: product.version,
      status: 'READY_TO_DISBURSE',
      bank_card_id: cardId,
      created_on: businessDateOf(now),
    });
    await insertLoan(tx, {
      id: loanId,
      borrower_id: person.borrowerId,
      product_id: product.id,
      product_version: product.version,
      bank_card_id: cardId,
      principal_fen: fen(terms.principalFen ?? 1_200_000),
      currency: 'CNY',
      annual_rate: product.annualRate,
      term_months: terms.termMonths ?? 12,
      opened_on: businessDateOf(now),
    });
  });
  return { loanId, person };
}

/** A draft application with every step saved. */
export async function seedApplication(
  deps: ActivityDeps,
  terms: { principalFen?: number; termMonths?: number; incomeFen?: number } = {},
): Promise<{ applicationId: LoanId; person: Person }> {
  const { person } = await seedBorrower(deps);
  const applicationId = loanIdFrom(randomBytes(12));
  const today = businessDateOf(instant(Date.now()));
  const payloads = {
    request: { principalFen: terms.principalFen ?? 1_200_000, termMonths: terms.termMonths ?? 12 },
    identity: { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email },
    income: { monthlyIncomeFen: terms.incomeFen ?? 5_000_000 },
    card: { cardNumber: person.cardNumber },
  };
  await deps.db.transaction(async (tx) => {
    await tx('applications').insert({
      id: applicationId,
      borrower_id: person.borrowerId,
      product_id: 'consumer-installment',
      product_version: 1,
      created_on: today,
    });
    const vault = await deps.borrowers.personVault(tx, person.borrowerId);
    for (const [step, payload] of Object.entries(payloads)) {
      await tx('application_drafts').insert({
        application_id: applicationId,
        step,
        version: 1,
        payload_enc: vault.encrypt(draftAddress(applicationId, step, 1), JSON.stringify(payload)),
      });
    }
  });
  return { applicationId, person };
}

/** Starts a loan's workflow as originateLoan would. */
export async function startLoan(client: Client, loanId: string, now: Instant = instant(Date.now())) {
  return client.workflow.start('serviceLoan', {
    workflowId: workflowShapes.loan(loanId),
    taskQueue: taskQueues.loans,
    args: [{ loanId, now }],
  });
}

/** A loan paid out on `on`, as activateLoan records it, without a workflow: for what happens to its books. */
export async function seedActiveLoan(
  deps: ActivityDeps,
  terms: { productId?: string; principalFen?: number; termMonths?: number; on: BusinessDate; loanId?: string },
): Promise<{ loanId: string; person: Person }> {
  const { person, cardId } = await seedBorrower(deps);
  const loanId = terms.loanId ?? loanIdFrom(randomBytes(12));
  const product = deps.catalogue.current(terms.productId ?? 'consumer-installment', terms.on);
  const [principal, termMonths] = [fen(terms.principalFen ?? 1_200_000), terms.termMonths ?? 12];
  const pinned = { borrower_id: person.borrowerId, product_id: product.id, product_version: product.version, bank_card_id: cardId };
  await deps.db.transaction(async (tx) => {
    await tx('applications').insert({ id: loanId, ...pinned, status: 'DISBURSED', created_on: terms.on });
    await insertLoan(tx, {
      id: loanId,
      ...pinned,
      principal_fen: principal,
      currency: 'CNY',
      annual_rate: product.annualRate,
      term_months: termMonths,
      opened_on: terms.on,
    });
    await insertSchedule(tx, loanId, {
      version: 1,
      reason: 'seeded',
      valueDate: terms.on,
      installments: scheduleFor({ principal, termMonths }, product, terms.on),
    });
    await updateLoan(tx, loanId, { status: 'ACTIVE', activated_on: terms.on, schedule_version: 1 });
    await recordFact(tx, loanId, { key: 'disbursement', type: 'DISBURSEMENT', valueDate: terms.on, amount: principal });
    await postEntry(tx, {
      key: `seed:${loanId}`,
      loanId,
      businessDate: terms.on,
      posting: { kind: 'ADJUSTED', description: 'seeded', lines: seedLines(principal) },
    });
  });
  return { loanId, person };
}

const seedLines = (amount: Fen): PostingLine[] => [
  { account: 'loans-receivable', side: 'DEBIT' as const, amount },
  { account: 'loans-in-disbursement', side: 'CREDIT' as const, amount },
];

export async function recordFact(tx: Tx, loanId: string, fact: LoanFact): Promise<void> {
  const { key, type, valueDate, ...data } = fact;
  const amount = 'amount' in fact ? fact.amount : null;
  await insertTransaction(tx, { loanId, key, type, amount, data, valueDate, businessDate: valueDate, instructionId: null });
}

/** The sandbox's clock passes the time for which a cost table of this application's product has to be shown. */
export async function passReadingTime(deps: ActivityDeps, applicationId: string): Promise<void> {
  const application = await readApplication(deps.db, applicationId);
  const { readingSeconds } = deps.catalogue.version(application.product_id, application.product_version).disclosure;
  await setClockOffset(deps.db, (await clockOffsetMs(deps.db)) + readingSeconds * 1_000);
}

/** The borrower has the offer's cost table before them for its reading time, and confirms it. */
export async function readDisclosure(deps: ActivityDeps, applicationId: string): Promise<void> {
  const application = await readApplication(deps.db, applicationId);
  const product = deps.catalogue.version(application.product_id, application.product_version);
  const show = async (tx: Tx) => showDisclosure(tx, { application, product, now: (await businessNow(tx)).now });
  const { sha256 } = await deps.db.transaction(show);
  await passReadingTime(deps, applicationId);
  const confirm = async (tx: Tx) =>
    confirmDisclosure(tx, { application, sha256, now: (await businessNow(tx)).now, device: '0123456789abcdef' });
  await deps.db.transaction(confirm);
}

/** The person agrees to what a loan needs, and to an automated decision. */
export async function agreeTo(
  tx: Tx,
  borrowerId: string,
  kinds: readonly ConsentKind[] = [...REQUIRED_CONSENTS, 'AUTOMATED_DECISION'],
): Promise<void> {
  const { now: at } = await businessNow(tx);
  for (const kind of kinds) {
    const textSha256 = consentSha256(consentText(kind, businessDateOf(at)));
    const word = { id: randomUUID(), borrowerId, kind, partnerId: null, device: '0123456789abcdef', at };
    await grantConsent(tx, { ...word, textSha256, locale: 'zh-CN' });
  }
}

/** The same for a borrower who came over HTTP. */
export const agree = (deps: ActivityDeps, borrowerId: string): Promise<void> => deps.db.transaction((tx) => agreeTo(tx, borrowerId));
