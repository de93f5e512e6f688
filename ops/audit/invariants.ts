import type { Client } from '@temporalio/client';
import { businessNow } from '../../db/clock';
import { backlog } from '../../db/outbox';
import { brokenAudit, readAuditHead } from '../../db/audit';
import { restoreClearedAt } from '../../db/payment/restore';
import { brokenLinks } from '../../db/ledger/ledger';
import { readLoanFiles, recordOf, type LoanFile } from '../../db/loan/loan-file';
import type { Db } from '../../db/pool';
import { factsInForce } from '../../domain/loan/account/facts';
import { appointmentOf } from '../../services/loan/outlook';
import { sumOf } from '../../domain/money/allocation';
import { receivablesEqualTheFold } from './receivables';
import { orphans } from './workflows';
import { ledgerEqualsBanks, oneKeyOneEffect, onePayoutPerInstruction, readOurs, type BankBooks } from './bank-books';
import { loanAccountNow } from '../../domain/loan/loan-account';
import { Instant, epochMs, type BusinessDate } from '../../domain/time/dates';
import { acceptedUninformed } from '../../db/application/disclosures';
import { openedUnsealed, sealsAwaitedUnseen } from '../../db/application/sealings';
import { askedWithoutConsent, confirmedWithoutMatch } from '../../db/party/identity-checks';
import { createCatalogue } from '../../domain/product/products';
import { OPEN_LOANS } from '../../domain/states';
import { workflowShapes } from '../../domain/keys';

const EARLIEST = '1900-01-01' as BusinessDate;
const LATEST = '2199-12-31' as BusinessDate;

export interface CheckResult {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I7b' | 'I8' | 'I11' | 'I13' | 'I14' | 'I16' | 'KEYS';
  readonly claim: string;
  /** Empty when it holds; otherwise what contradicts it. */
  readonly violations: readonly string[];
}

interface Check extends Omit<CheckResult, 'violations'> {
  readonly find: () => Promise<string[]>;
}

const MAX_LISTED = 10;

/** Real time after which a line without a seal says that nobody seals. */
const SEAL_MS = 60_000;

async function auditWaitsTooLong(db: Db): Promise<string[]> {
  const { unsealed, unsealedSince } = await readAuditHead(db);
  if (unsealedSince === null || Date.now() - Date.parse(unsealedSince) < SEAL_MS) return [];
  return [`${String(unsealed)} audit lines wait for their seal since ${unsealedSince}: does a worker run?`];
}

async function balancedJournal(db: Db, isBrief: boolean): Promise<string[]> {
  const rows = await db('journal_lines')
    .groupBy('entry_id')
    .havingRaw(`sum(CASE side WHEN 'DEBIT' THEN amount_fen ELSE -amount_fen END) <> 0`)
    .limit(MAX_LISTED)
    .select<{ entry_id: number }[]>('entry_id');
  const broken = isBrief ? [] : await brokenAudit(db);
  const unlinked = isBrief ? [] : await brokenLinks(db);
  return [
    ...rows.map((row) => `journal entry ${String(row.entry_id)} is off balance`),
    ...unlinked.slice(0, MAX_LISTED).map((fault) => `journal: ${fault}`),
    ...broken.slice(0, MAX_LISTED),
    ...(await auditWaitsTooLong(db)),
  ];
}

const HOUR_MS = 3_600_000;

/** I4: a payment that is open past its product's SLA, or an undelivered notice past its time, is marked for a person; and what is marked has raised an alarm. */
async function nothingWaitsUnseen(db: Db): Promise<string[]> {
  const catalogue = createCatalogue();
  const open = await db('payment_instructions as i')
    .join('loans as l', 'l.id', 'i.loan_id')
    .where('i.state', 'IN_FLIGHT')
    .whereIn('i.direction', ['PAYOUT', 'REFUND'])
    .whereNull('l.needs_attention')
    .select<{ id: string; product_id: string; product_version: number; sent_at: Date | null; cursor: Date | null }[]>(
      'i.id',
      'l.product_id',
      'l.product_version',
      db.raw('(SELECT min(a.sent_at) FROM payment_attempts a WHERE a.instruction_id = i.id) AS sent_at'),
      db.raw('l.date_cursor::timestamptz AS cursor'),
    );
  const stale = open.filter(({ product_id, product_version, sent_at, cursor }) => {
    const { slaHours } = catalogue.version(product_id, product_version).payout;
    // The loan's own day, which is as long as one.
    return sent_at !== null && cursor !== null && sent_at.getTime() < cursor.getTime() - (slaHours + 24) * HOUR_MS;
  });
  const silent = await db('loans as l')
    .whereNotNull('l.needs_attention')
    .whereRaw(`NOT EXISTS (SELECT FROM outbox o WHERE o.topic = 'alarm' AND o.subject IN (l.id, 'loan-' || l.id))`)
    .limit(MAX_LISTED)
    .select<{ id: string }[]>('l.id');
  const waiting = await backlog(db);
  const isStuck = waiting.oldest !== null && Date.now() - Date.parse(waiting.oldest) > 600_000;
  return [
    ...stale.map((row) => `${row.id} is open past its SLA without a case`),
    ...(await sealsAwaitedUnseen(db, (await businessNow(db)).now)).map((id) => `application ${id} waits for a seal, and nobody was told`),
    ...silent.map((row) => `loan ${row.id} needs a person, and no alarm says so`),
    ...(isStuck ? [`${String(waiting.rows)} outbox rows wait, the oldest since ${waiting.oldest ?? ''}`] : []),
  ];
}

/**
 * A loan in the hands of its payment's workflow, which asks the channel for some minutes before it hears of anything
 * else, and for as long as a restore is not cleared: until then no payment moves.
 */
function isAtItsPayment({ next_kind, next_at }: LoanFile['loan'], now: Instant, isHeldBack: boolean): boolean {
  const isPayment = next_kind === 'DEBIT' || next_kind === 'QUERY_DEBIT' || next_kind === 'PAY_OUT' || next_kind === 'REFUND';
  const since = isPayment && next_at !== null ? epochMs(now) - epochMs(next_at) : -1;
  return since >= 0 && (isHeldBack || since < 48 * HOUR_MS);
}

/** A payment that waits for a restore to be cleared asks again within five minutes; its loan hears of nothing before. */
const AFTER_RESTORE_MS = 6 * 60_000;

/** I4: a loan whose workflow has not seen a fact waits for something else than its agenda says. */
async function noLoanIsBlind(db: Db, { files, isBeingTold }: Folded, isHeldBack: boolean): Promise<string[]> {
  const catalogue = createCatalogue();
  const { now } = await businessNow(db);
  const clearedAt = await restoreClearedAt(db);
  if (clearedAt !== undefined && Date.now() - clearedAt.getTime() < AFTER_RESTORE_MS) return [];
  const blind: string[] = [];
  for (const file of files) {
    const { loan, instructions } = file;
    // A notice is on its way to it, or its payment's end will tell it.
    if (isBeingTold.has(loan.id) || isAtItsPayment(loan, now, isHeldBack)) continue;
    if (loan.next_kind === null || !OPEN_LOANS.includes(loan.status) || instructions.some((each) => each.open)) continue;
    const wanted = appointmentOf({ catalogue }, file, now);
    // What is due now is being done: its moment moves on with the clock.
    if (wanted.at !== null && wanted.at <= now) continue;
    if (wanted.kind !== loan.next_kind || (wanted.at ?? '') !== (loan.next_at ?? ''))
      blind.push(
        `loan ${loan.id} waits for ${loan.next_kind} at ${loan.next_at ?? 'a word'}, its facts call for ${wanted.kind} at ${wanted.at ?? 'a word'}`,
      );
  }
  return blind.slice(0, MAX_LISTED);
}

/** I5: a loan has been active if and only if exactly one of its payouts succeeded. */
async function activeMeansPaidOut(db: Db): Promise<string[]> {
  const result = await db.raw<{ rows: { id: string; status: string }[] }>(`
    SELECT l.id, l.status FROM loans l
    WHERE (l.activated_on IS NOT NULL) <> EXISTS (SELECT FROM payment_instructions i WHERE i.loan_id = l.id AND i.direction = 'PAYOUT' AND i.state = 'SUCCEEDED')
       OR (l.activated_on IS NOT NULL) <> EXISTS (SELECT FROM loan_transactions t WHERE t.loan_id = l.id AND t.type = 'DISBURSEMENT'
            AND NOT EXISTS (SELECT FROM loan_transactions r WHERE r.loan_id = l.id AND r.type = 'REVERSAL' AND r.data ->> 'of' = t.key))
    LIMIT ${String(MAX_LISTED)}`);
  return result.rows.map((row) => `loan ${row.id} is ${row.status} although its payout says otherwise`);
}

/** I7: per loan, allocations sum to what was paid, and 0 ≤ paid ≤ due. */
function allocationsAddUp(files: readonly LoanFile[]): string[] {
  const catalogue = createCatalogue();
  const violations: string[] = [];
  for (const file of files) {
    const { id, activated_on: activatedOn } = file.loan;
    if (activatedOn === null) continue;
    const account = loanAccountNow(recordOf(catalogue, file), EARLIEST);
    const paid = factsInForce(file.facts, LATEST).reduce<number>(
      (sum, fact) => (fact.type === 'REPAYMENT' || fact.type === 'RECOVERY_REPAYMENT' ? sum + fact.amount : sum),
      account.discounted,
    );
    const allocated = account.allocations.reduce((sum, each) => sum + sumOf(each.components) + each.recovered + each.surplus, 0);
    if (paid !== allocated) violations.push(`loan ${id}: paid ${String(paid)}, allocated ${String(allocated)}`);
    for (const row of account.installments) {
      if (Object.values(row.outstanding).some((amount) => amount < 0) || Object.values(row.paid).some((amount) => amount < 0))
        violations.push(`loan ${id}: installment ${String(row.number)} is paid beyond what is due`);
    }
  }
  return violations.slice(0, MAX_LISTED);
}

interface Folded {
  readonly files: readonly LoanFile[];
  /** Loans to which a notice was on its way just before or just after their files were read. */
  readonly isBeingTold: ReadonlySet<string>;
}

/** The loans to fold, a thousand at a time; briefly only the open ones: closed loans owe nothing. */
async function loansToFold(db: Db, isBrief: boolean): Promise<Folded> {
  const notices = async () =>
    (await db('outbox').where({ topic: 'loan.fact' }).whereNull('delivered_at').select<{ subject: string }[]>('subject')).map(
      (row) => row.subject,
    );
  const before = await notices();
  const query = db('loans').orderBy('id').select<{ id: string }[]>('id');
  const ids = (await (isBrief ? query.whereIn('status', OPEN_LOANS) : query)).map((row) => row.id);
  const files: LoanFile[] = [];
  for (let start = 0; start < ids.length; start += 1_000) files.push(...(await readLoanFiles(db, ids.slice(start, start + 1_000))));
  return { files, isBeingTold: new Set([...before, ...(await notices())]) };
}

/** Ids of open loans that have no running workflow. */
export async function loansWithoutWorkflow(db: Db, client: Client): Promise<string[]> {
  const prefix = workflowShapes.loan('');
  return (await orphans(db, client)).flatMap(({ workflowId }) => (workflowId.startsWith(prefix) ? [workflowId.slice(prefix.length)] : []));
}

/** What must hold of applications, whatever their loans do. */
function originationChecks(db: Db): Check[] {
  return [
    {
      invariant: 'I13',
      claim: 'no identity source was asked about a person but in the name of their own consent to it',
      find: () => askedWithoutConsent(db),
    },
    {
      invariant: 'I16',
      claim: 'nobody was confirmed but by a MATCH of every identity source about the data that they submitted',
      find: () => confirmedWithoutMatch(db),
    },
    {
      invariant: 'I14',
      claim: 'no offer was accepted and no contract drawn up but with the cost table that its borrower confirmed',
      find: () => acceptedUninformed(db),
    },
    {
      invariant: 'I14',
      claim: 'no loan was opened but on a contract that is sealed over the very document which its borrower signed',
      find: () => openedUnsealed(db),
    },
  ];
}

/** Every invariant of design §9 that the data at hand allows to be checked. `books` undefined: no bank's books are within reach. */
export async function checkInvariants(input: {
  db: Db;
  client?: Client;
  books?: BankBooks;
  /** Without the hash chains, whose check reads the whole journal, and without closed loans. */
  isBrief?: boolean;
  /** The database was restored and the guard has not cleared it yet: payments, and loans at theirs, wait for that. */
  isHeldBack?: boolean;
}): Promise<CheckResult[]> {
  const { db, client, books, isBrief = false, isHeldBack = false } = input;
  const folded = await loansToFold(db, isBrief);
  const checks: Check[] = [
    {
      invariant: 'I2',
      claim: 'every journal entry is balanced and as it was written, and the audit chain is intact',
      find: () => balancedJournal(db, isBrief),
    },
    {
      invariant: 'I4',
      claim: 'nothing waits past its SLA without a case, and every loan waits for what its facts call for',
      find: async () => [...(await nothingWaitsUnseen(db)), ...(await noLoanIsBlind(db, folded, isHeldBack))],
    },
    { invariant: 'I5', claim: 'a loan was active if and only if its payout is confirmed', find: () => activeMeansPaidOut(db) },
    { invariant: 'I6', claim: 'one key, one effect', find: () => oneKeyOneEffect(db, books) },
    {
      invariant: 'I7',
      claim: 'allocations sum to what was paid, and no row has paid more than it owes',
      find: () => Promise.resolve(allocationsAddUp(folded.files)),
    },
    {
      invariant: 'I7b',
      claim: 'what the ledger carries for each loan is what its account says, by component and in every status',
      find: async () => (await receivablesEqualTheFold(db, createCatalogue(), folded.files)).slice(0, MAX_LISTED),
    },
  ];
  checks.push(...originationChecks(db));
  if (books) {
    const ours = await readOurs(db);
    checks.push(
      {
        invariant: 'I1',
        claim: 'at most one payout per instruction by the banks’ own books, but for what a bank admits to have paid against its word',
        find: () => Promise.resolve(onePayoutPerInstruction(ours, books)),
      },
      {
        invariant: 'I3',
        claim: 'ledger cash is what the banks moved, but for open payments and days whose file is still to come',
        find: () => ledgerEqualsBanks(db, ours, books),
      },
    );
  }
  if (client)
    checks.push({
      invariant: 'I11',
      claim: 'every open loan, application, payout and break has its running workflow',
      find: async () =>
        (await orphans(db, client)).map((each) => `${each.workflowId} does not run: "npx loan doctor --repair" brings it back`),
    });
  const results = await Promise.all(checks.map(async ({ find, ...check }) => ({ ...check, violations: await find() })));
  return results.sort((a, b) => Number.parseInt(a.invariant.slice(1), 10) - Number.parseInt(b.invariant.slice(1), 10));
}
