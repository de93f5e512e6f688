import { z } from 'zod';
import { businessNow } from '../../db/clock';
import { loanIdsOf } from '../../db/loan/loans';
import { readCurrentSchedule, readLoanFiles, recordOf, type LoanFile } from '../../db/loan/loan-file';
import { readInstruction } from '../../db/payment/payments';
import { inValueOrder } from '../../domain/loan/account';
import { loanAccount } from '../../domain/loan/loan-account';
import { ZERO } from '../../domain/money/money';
import type { BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { ownLoan } from '../access';
import type { ApiDeps } from '../deps';
import { route } from '../route';
import {
  accountRow,
  accountRowSchema,
  asDate,
  componentsOf,
  componentsSchema,
  dateSchema,
  idSchema,
  money,
  moneySchema,
  scheduleRow,
  scheduleRowSchema,
} from '../wire';
import { LOAN_EVENTS, LoanEvent } from '../../domain/loan/loan-events';
import { APPLICATION_EVENTS, ApplicationEvent } from '../../domain/application/application-events';
import { publicData, EventKinds } from '../../domain/events';
import { readApplicationEvents } from '../../db/application/applications';

const tag = 'Loans';
export const loanParams = z.strictObject({ loanId: idSchema });

const loanSchema = z
  .object({
    loanId: z.string(),
    productId: z.string(),
    status: z.string(),
    bucket: z.string(),
    daysPastDue: z.int(),
    principal: moneySchema,
    annualRate: z.string(),
    termMonths: z.int(),
    activatedOn: z.string().nullable(),
    closedOn: z.string().nullable(),
    owedNow: moneySchema,
    outstanding: componentsSchema,
    overpaid: moneySchema,
    nextDue: z.object({ number: z.int(), dueOn: z.string(), amount: moneySchema }).nullable(),
  })
  .meta({ id: 'Loan' });

function loanView(deps: Pick<ApiDeps, 'catalogue'>, file: LoanFile, today: BusinessDate): z.output<typeof loanSchema> {
  const { loan } = file;
  const account = loanAccount(recordOf(deps.catalogue, file), today);
  return {
    loanId: loan.id,
    productId: loan.product_id,
    status: loan.status,
    bucket: account.bucket,
    daysPastDue: account.daysPastDue,
    principal: money(loan.principal_fen),
    annualRate: loan.annual_rate,
    termMonths: loan.term_months,
    activatedOn: loan.activated_on,
    closedOn: loan.closed_on,
    owedNow: money(account.owedNow),
    outstanding: componentsOf(account.outstanding),
    overpaid: money(account.overpaid),
    nextDue:
      account.nextDue === null
        ? null
        : { number: account.nextDue.number, dueOn: account.nextDue.dueOn, amount: money(account.nextDue.amount) },
  };
}

const list = route({
  method: 'get',
  path: '/v1/loans',
  summary: 'The caller’s loans, newest first',
  tag,
  role: 'borrower',
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).optional(),
    after: idSchema.optional().meta({ description: 'the `next` of the page before' }),
  }),
  responses: {
    200: {
      description: 'Loans; `next` names the next page, null on the last',
      schema: z.object({ loans: z.array(loanSchema), next: z.string().nullable() }),
    },
  },
  handle: async (deps, { caller, query: { limit = 100, after } }) => {
    const { today } = await businessNow(deps.db);
    const rows = await loanIdsOf(deps.db, caller.id, limit + 1, after);
    const files = await readLoanFiles(deps.db, rows.slice(0, limit));
    const views = new Map(files.map((file) => [file.loan.id, loanView(deps, file, today)]));
    const loans = rows.slice(0, limit).flatMap((id) => views.get(id) ?? []);
    return { status: 200, body: { loans, next: rows.length > limit ? (rows[limit - 1] ?? null) : null } };
  },
});

const read = route({
  method: 'get',
  path: '/v1/loans/{loanId}',
  summary: 'One loan: what is owed, and what is next',
  tag,
  role: 'borrower',
  params: loanParams,
  responses: { 200: { description: 'The loan', schema: loanSchema } },
  handle: async (deps, { caller, params }) => {
    const { today } = await businessNow(deps.db);
    return { status: 200, body: loanView(deps, await ownLoan(deps.db, caller, params.loanId), today) };
  },
});

const schedule = route({
  method: 'get',
  path: '/v1/loans/{loanId}/schedule',
  summary: 'The binding schedule and how each installment stands',
  tag,
  role: 'borrower',
  params: loanParams,
  responses: {
    200: {
      description: 'The schedule',
      schema: z.object({ version: z.int(), schedule: z.array(scheduleRowSchema), installments: z.array(accountRowSchema) }),
    },
  },
  handle: async (deps, { caller, params }) => {
    const { today } = await businessNow(deps.db);
    const file = await ownLoan(deps.db, caller, params.loanId);
    const account = loanAccount(recordOf(deps.catalogue, file), today);
    return {
      status: 200,
      body: {
        version: file.loan.schedule_version,
        schedule: (await readCurrentSchedule(deps.db, file.loan)).map(
          scheduleRow(deps.catalogue.version(file.loan.product_id, file.loan.product_version)),
        ),
        installments: account.installments.map(accountRow),
      },
    };
  },
});

const payoffQuote = route({
  method: 'get',
  path: '/v1/loans/{loanId}/payoff-quote',
  summary: 'What settles the loan on a date, by default today',
  tag,
  role: 'borrower',
  params: loanParams,
  query: z.strictObject({ on: dateSchema.optional() }),
  responses: { 200: { description: 'The quote', schema: z.object({ on: z.string(), payoff: componentsSchema }) } },
  handle: async (deps, { caller, params, query }) => {
    const { today } = await businessNow(deps.db);
    const on = query.on === undefined ? today : asDate(query.on);
    if (on < today) throw new LoanloomError('INVALID_DATE', 'a payoff is quoted for today or later', { path: 'on' });
    const file = await ownLoan(deps.db, caller, params.loanId);
    if (file.loan.status !== 'ACTIVE')
      throw new LoanloomError('LOAN_NOT_ACTIVE', `the loan is ${file.loan.status}: there is nothing to pay off`);
    return {
      status: 200,
      body: { on, payoff: componentsOf(loanAccount(recordOf(deps.catalogue, file), on).payoff) },
    };
  },
});

const statementSchema = z.object({
  from: z.string(),
  to: z.string(),
  entries: z.array(
    z.object({
      key: z.string(),
      type: z.string(),
      valueDate: z.string(),
      amount: moneySchema.nullable(),
      allocated: componentsSchema.nullable(),
      surplus: moneySchema,
    }),
  ),
  outstanding: componentsSchema,
  overpaid: moneySchema,
  interestEarned: moneySchema,
  penaltyCharged: moneySchema,
  bucketHistory: z.array(z.object({ from: z.string(), bucket: z.string() })),
});

const statement = route({
  method: 'get',
  path: '/v1/loans/{loanId}/statement',
  summary: 'Every fact of the loan up to a date and where its money went, by default up to today',
  tag,
  role: 'borrower',
  params: loanParams,
  query: z.strictObject({ to: dateSchema.optional() }),
  responses: { 200: { description: 'The statement', schema: statementSchema } },
  handle: async (deps, { caller, params, query }) => {
    const { today } = await businessNow(deps.db);
    const to = query.to === undefined ? today : asDate(query.to);
    if (to > today) throw new LoanloomError('INVALID_DATE', 'a statement ends today or earlier', { path: 'to' });
    const file = await ownLoan(deps.db, caller, params.loanId);
    const account = loanAccount(recordOf(deps.catalogue, file), to);
    const allocations = new Map(account.allocations.map((each) => [each.key, each]));
    const known = inValueOrder(file.facts.filter((fact) => fact.valueDate <= to));
    return {
      status: 200,
      body: {
        from: file.loan.activated_on ?? file.loan.opened_on,
        to,
        entries: known.map((fact) => {
          const allocation = allocations.get(fact.key);
          return {
            key: fact.key,
            type: fact.type,
            valueDate: fact.valueDate,
            amount: 'amount' in fact ? money(fact.amount) : null,
            allocated: allocation === undefined ? null : componentsOf(allocation.components),
            surplus: money(allocation?.surplus ?? ZERO),
          };
        }),
        outstanding: componentsOf(account.outstanding),
        overpaid: money(account.overpaid),
        interestEarned: money(account.interestAccrued),
        penaltyCharged: money(account.penaltyAccrued),
        bucketHistory: [...account.bucketHistory],
      },
    };
  },
});

const timelineSchema = z.object({
  happened: z.array(
    z.object({
      at: z.string(),
      businessDate: z.string(),
      kind: z.string(),
      data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    }),
  ),
  next: z.object({ kind: z.string(), at: z.string().nullable(), why: z.string() }).nullable(),
});

const timeline = route({
  method: 'get',
  path: '/v1/loans/{loanId}/timeline',
  summary: 'What happened, why, and what comes next and when',
  tag,
  role: 'borrower',
  params: loanParams,
  responses: { 200: { description: 'The timeline', schema: timelineSchema } },
  handle: async (deps, { caller, params }) => {
    const { loan, events } = await ownLoan(deps.db, caller, params.loanId);
    const applied = await readApplicationEvents(deps.db, loan.id);
    const shown = (kinds: EventKinds, { at, businessDate, kind, data: all }: LoanEvent | ApplicationEvent) => {
      const data = publicData(kinds, kind, all);
      return data === undefined ? [] : [{ at, businessDate, kind, data }];
    };
    const isOver = loan.closed_on !== null;
    return {
      status: 200,
      body: {
        happened: [
          ...applied.flatMap((event) => shown(APPLICATION_EVENTS, event)),
          ...events.flatMap((event) => shown(LOAN_EVENTS, event)),
        ],
        next: isOver || loan.next_kind === null ? null : { kind: loan.next_kind, at: loan.next_at, why: loan.next_summary ?? '' },
      },
    };
  },
});

const payment = route({
  method: 'get',
  path: '/v1/loans/{loanId}/payments/{paymentId}',
  summary: 'How a payment stands: open, succeeded or failed',
  tag,
  role: 'borrower',
  params: z.strictObject({ loanId: idSchema, paymentId: z.string().max(80) }),
  responses: {
    200: {
      description: 'The payment',
      schema: z.object({
        paymentId: z.string(),
        amount: moneySchema,
        businessDate: z.string(),
        state: z.enum(['OPEN', 'SUCCEEDED', 'FAILED', 'RETURNED']),
        code: z.string().nullable(),
      }),
    },
  },
  handle: async (deps, { caller, params }) => {
    const { loan } = await ownLoan(deps.db, caller, params.loanId);
    const instruction = await readInstruction(deps.db, params.paymentId);
    if (instruction.loan_id !== loan.id || instruction.direction !== 'DEBIT')
      throw new LoanloomError('NOT_FOUND', 'there is no such payment');
    const isFinal = instruction.state === 'SUCCEEDED' || instruction.state === 'FAILED' || instruction.state === 'RETURNED';
    return {
      status: 200,
      body: {
        paymentId: instruction.id,
        amount: money(instruction.amount_fen),
        businessDate: instruction.business_date,
        state: isFinal ? instruction.state : 'OPEN',
        code: instruction.failure_code,
      },
    };
  },
});

export const loanRoutes = [list, read, schedule, payoffQuote, statement, timeline, payment];
