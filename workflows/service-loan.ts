import {
  CancellationScope,
  condition,
  continueAsNew,
  executeChild,
  log,
  ParentClosePolicy,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LoanOutlook } from '../activities/loan-agenda';
import type { Appointment } from '../domain/agenda';
import { epochMs, DAY_MS, type Instant } from '../domain/dates';
import { workflowIds } from '../domain/ids';
import { collections, database } from './activity-options';
import { BusinessTime } from './business-time';
import type { debitLoan } from './debit-loan';
import type { disburseLoan } from './disburse-loan';
import { Inbox, validateCommand } from './inbox';
import { LoanView } from './loan-view';
import { factsChanged, getNextAppointment, LOAN_UPDATE_DESCRIPTIONS, loanUpdates } from './service-loan.messages';

export interface ServiceLoanInput {
  readonly loanId: string;
  readonly now: Instant;
}

/** A run of the loan's workflow covers about a quarter, so that a monthly wake replays little. */
const RUN_MS = 91 * DAY_MS;
const HISTORY_EVENTS_MAX = 400;

/** The same appointment came back although it was performed: wait before trying it again. */
const STUCK_RETRY_MS = 3_600_000;

/** A child that pays or debits while the loop goes on listening. */
interface RunningChild {
  isDone: boolean;
}

/**
 * The loan: waits for its next appointment or for a message, performs it, and asks again. The policy is
 * domain/agenda.ts; this interpreter only keeps the place. See docs/workflows/service-loan.md.
 */
export async function serviceLoan(input: ServiceLoanInput): Promise<void> {
  const loan = new LoanInterpreter(input);
  loan.listen();
  // A cancel request (the Web UI has a button) must not end a loan: it is refused, and a person is told.
  CancellationScope.current().cancelRequested.catch(() => {
    loan.refuseCancellation();
  });
  await CancellationScope.nonCancellable(() => loan.run());
}

class LoanInterpreter {
  private readonly time: BusinessTime;
  private readonly inbox = new Inbox();
  private readonly view = new LoanView();
  private readonly startedAt: Instant;
  private readonly loanId: string;
  private hasNews = false;
  private isCancelRequested = false;
  private child: RunningChild | undefined;
  private next: Appointment | undefined;
  private performedKey = '';

  constructor(input: ServiceLoanInput) {
    this.loanId = input.loanId;
    this.time = new BusinessTime(input.now);
    this.startedAt = this.time.now();
  }

  listen(): void {
    for (const operation of Object.keys(loanUpdates) as (keyof typeof loanUpdates)[]) {
      setHandler(
        loanUpdates[operation],
        async (message) => {
          this.time.saw(message.at);
          return this.inbox.submit(message);
        },
        { validator: validateCommand, description: LOAN_UPDATE_DESCRIPTIONS[operation] },
      );
    }
    setHandler(
      factsChanged,
      ({ at }) => {
        this.time.saw(at);
        this.hasNews = true;
      },
      { description: 'Facts were committed: look again' },
    );
    setHandler(getNextAppointment, () => this.next, { description: 'What the loan waits for' });
  }

  refuseCancellation(): void {
    this.isCancelRequested = true;
    this.hasNews = true;
  }

  async run(): Promise<void> {
    let outlook: LoanOutlook | undefined;
    for (;;) {
      while (!this.inbox.isEmpty()) {
        await this.inbox.handleNext((message) => database.applyLoanCommand({ commandId: message.commandId, at: this.time.now() }));
        outlook = undefined;
      }
      if (this.child && !this.child.isDone) {
        await condition(() => !this.inbox.isEmpty() || this.child?.isDone === true);
        continue;
      }
      this.child = undefined;
      if (this.hasNews) outlook = undefined;
      if (this.isCancelRequested) await database.refuseCancellation({ loanId: this.loanId });
      this.isCancelRequested = false;
      this.hasNews = false;
      outlook ??= await database.lookAhead({ loanId: this.loanId, at: this.time.now() });
      this.next = outlook.appointment;
      this.view.show(outlook, this.time.now());
      if (outlook.appointment.kind === 'END') {
        if (await this.inbox.drained()) return;
        continue;
      }
      await this.continueAsNewWhenDue();
      if (this.isDue(outlook.appointment)) outlook = await this.perform(outlook.appointment);
      else if (await this.isWokenBefore(outlook.appointment)) outlook = undefined;
    }
  }

  private isDue(appointment: Appointment): boolean {
    return appointment.at !== null && appointment.at <= this.time.now();
  }

  /** Waits; true when a message came first and the loan has to look again, false when the appointment's time has come. */
  private async isWokenBefore(appointment: Appointment): Promise<boolean> {
    const isWoken = () => !this.inbox.isEmpty() || this.hasNews;
    if (appointment.at === null) {
      await condition(isWoken);
      return true;
    }
    return condition(isWoken, Math.max(1, epochMs(appointment.at) - Date.now()));
  }

  /** Returns the new outlook where performing has looked ahead already. */
  private async perform(appointment: Appointment): Promise<LoanOutlook | undefined> {
    if (appointment.key === this.performedKey) {
      log.warn('an appointment came back after it was performed', { key: appointment.key });
      this.performedKey = '';
      await condition(() => !this.inbox.isEmpty() || this.hasNews, STUCK_RETRY_MS);
      return undefined;
    }
    this.performedKey = appointment.key;
    switch (appointment.kind) {
      case 'PAY_OUT':
      case 'REFUND':
        this.start(this.payOut(appointment));
        return undefined;
      case 'DEBIT':
      case 'QUERY_DEBIT':
        this.start(this.debit(appointment));
        return undefined;
      case 'CONTACT':
        await collections.contactBorrower({ loanId: this.loanId, appointment, at: this.time.now() });
        return undefined;
      case 'AWAIT_OPERATOR':
      case 'AWAIT_RELEASE':
      case 'END':
        return undefined;
      default:
        return database.performAppointment({ loanId: this.loanId, appointment, at: this.time.now() });
    }
  }

  /** Runs a child beside the loop; its result is read from Postgres by the next look ahead. */
  private start(work: Promise<{ now: Instant }>): void {
    const child: RunningChild = { isDone: false };
    this.child = child;
    void work
      .then(
        (result) => {
          this.time.saw(result.now);
        },
        (error: unknown) => {
          log.error('a payment child failed; its instruction is taken up again', { error });
        },
      )
      .finally(() => {
        child.isDone = true;
      });
  }

  private payOut(appointment: Appointment) {
    const instructionId = appointment.instructionId ?? '';
    return executeChild<typeof disburseLoan>('disburseLoan', {
      workflowId: workflowIds.disbursement(instructionId),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: appointment.kind === 'REFUND' ? `refunds the surplus of loan ${this.loanId}` : `pays out loan ${this.loanId}`,
      args: [{ loanId: this.loanId, instructionId, businessDate: appointment.businessDate, now: this.time.now() }],
    });
  }

  private debit(appointment: Appointment) {
    const presentment = appointment.presentment ?? 1;
    return executeChild<typeof debitLoan>('debitLoan', {
      workflowId: workflowIds.debit(this.loanId, appointment.businessDate, presentment),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [
        {
          loanId: this.loanId,
          businessDate: appointment.businessDate,
          presentment,
          plannedAt: appointment.at,
          now: this.time.now(),
        },
      ],
    });
  }

  /** Once a quarter of the loan's life, with nothing in hand. Only ids are carried: facts are in Postgres. */
  private async continueAsNewWhenDue(): Promise<void> {
    const info = workflowInfo();
    const isLong =
      info.continueAsNewSuggested || info.historyLength > HISTORY_EVENTS_MAX || epochMs(this.time.now()) - epochMs(this.startedAt) > RUN_MS;
    if (!isLong || this.next === undefined || this.isDue(this.next)) return;
    if ((await this.inbox.drained()) && !this.hasNews)
      await continueAsNew<typeof serviceLoan>({ loanId: this.loanId, now: this.time.now() });
  }
}
