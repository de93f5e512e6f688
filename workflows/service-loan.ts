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
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { LoanOutlook } from '../activities/loan-agenda';
import type { Appointment } from '../domain/loan/appointment';
import { epochMs, DAY_MS, type Instant } from '../domain/time/dates';
import { collections, database } from './activity-options';
import { BusinessTime } from './business-time';
import type { debitLoan } from './debit-loan';
import type { disburseLoan } from './disburse-loan';
import { saying, titleOf, untilThen } from './details';
import { Endurance } from './entity-loop';
import { Inbox, registerUpdates } from './inbox';
import { LoanView } from './loan-view';
import { factsChanged, getNextAppointment, LOAN_UPDATE_DESCRIPTIONS, loanUpdates } from './service-loan.messages';
import { debitWorkflowId, disbursementWorkflowId } from '../domain/keys';
import { has, VERSIONS } from './versions';

export interface ServiceLoanInput {
  readonly loanId: string;
  readonly now: Instant;
  /** How often in a row the run before could not go on. */
  readonly failures?: number;
}

/** A run of the loan's workflow covers about a quarter, so that a monthly wake replays little. */
const RUN_MS = 91 * DAY_MS;
const HISTORY_EVENTS_MAX = 400;

/** The same appointment came back although it was performed: wait before trying it again. */
const STUCK_RETRY_MS = 3_600_000;

/** A payment's workflow is known to Temporal and not run by this loan: its facts come by themselves, or a person looks. */
const KNOWN_CHILD_RETRY_MS = 300_000;

/** A child that pays or debits while the loop goes on listening. */
interface RunningChild {
  isDone: boolean;
}

/**
 * The loan: waits for its next appointment or for a message, performs it, and asks again. The policy is
 * domain/loan/agenda.ts; this interpreter only keeps the place. It never fails. See docs/workflows/service-loan.md.
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
  private readonly view: LoanView;
  private readonly endurance: Endurance;
  private readonly startedAt: Instant;
  private readonly loanId: string;
  /** Signals so far: what came in beside commands. */
  private signals = 0;
  private hasNews = false;
  private isCancelRequested = false;
  private child: RunningChild | undefined;
  private next: Appointment | undefined;
  private outlook: LoanOutlook | undefined;
  private performedKey = '';
  private knownChild: Appointment | undefined;

  constructor(input: ServiceLoanInput) {
    this.loanId = input.loanId;
    this.view = new LoanView(input.loanId);
    this.time = new BusinessTime(input.now);
    this.startedAt = this.time.now();
    this.endurance = new Endurance(() => this.signals + this.inbox.received, input.failures);
  }

  listen(): void {
    registerUpdates(loanUpdates, LOAN_UPDATE_DESCRIPTIONS, this.inbox, this.time);
    setHandler(
      factsChanged,
      (notice?: { readonly at?: unknown }) => {
        // Whoever sent it, and whatever it says: looking again does no harm.
        this.time.heard(notice?.at);
        this.signals += 1;
        this.hasNews = true;
      },
      { description: 'Facts were committed: look again' },
    );
    setHandler(getNextAppointment, () => this.next, { description: 'What the loan waits for' });
  }

  refuseCancellation(): void {
    this.isCancelRequested = true;
    this.signals += 1;
    this.hasNews = true;
  }

  async run(): Promise<void> {
    for (;;) {
      try {
        if (await this.turn()) return;
        this.endurance.recovered();
      } catch (error) {
        this.outlook = undefined;
        await this.endurance.wait(error);
        if (this.endurance.isLong && !this.child) await this.startAfresh();
      }
    }
  }

  /** One turn of the loop. True when the loan's life is over. */
  private async turn(): Promise<boolean> {
    while (!this.inbox.isEmpty()) {
      await this.inbox.handleNext(
        ({ commandId }, what) => saying(database.applyLoanCommand, `command: ${what}`, { commandId, at: this.time.now() }),
        ({ commandId }, code) => saying(database.refuseLoanCommand, `command refused: ${code}`, { commandId, code }),
      );
      this.outlook = undefined;
    }
    if (this.child && !this.child.isDone) {
      await condition(() => !this.inbox.isEmpty() || this.child?.isDone === true);
      return false;
    }
    this.child = undefined;
    if (this.knownChild) await this.waitForKnownChild(this.knownChild);
    if (this.hasNews) this.outlook = undefined;
    if (this.isCancelRequested) await saying(database.refuseCancellation, 'a cancellation is refused', { loanId: this.loanId });
    this.isCancelRequested = false;
    this.hasNews = false;
    const outlook = (this.outlook ??= await saying(database.lookAhead, 'what comes next?', { loanId: this.loanId, at: this.time.now() }));
    this.time.saw(outlook.now);
    this.next = outlook.appointment;
    this.view.show(outlook, this.time.now());
    if (outlook.appointment.kind === 'END') return this.inbox.drained();
    await this.continueAsNewWhenDue();
    if (this.isDue(outlook.appointment)) this.outlook = await this.perform(outlook.appointment);
    else if (await this.isWokenBefore(outlook.appointment)) this.outlook = undefined;
    return false;
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
    return condition(isWoken, Math.max(1, epochMs(appointment.at) - Date.now()), { summary: untilThen(appointment) });
  }

  /** Returns the new outlook where performing has looked ahead already. */
  private async perform(appointment: Appointment): Promise<LoanOutlook | undefined> {
    if (appointment.key === this.performedKey) {
      log.warn('an appointment came back after it was performed', { key: appointment.key });
      this.performedKey = '';
      await condition(() => !this.inbox.isEmpty() || this.hasNews, STUCK_RETRY_MS, {
        summary: `${titleOf(appointment)} came back after it was done: look again in an hour`,
      });
      return undefined;
    }
    this.performedKey = appointment.key;
    switch (appointment.kind) {
      case 'PAY_OUT':
      case 'REFUND':
        this.start(appointment, this.payOut(appointment));
        return undefined;
      case 'DEBIT':
      case 'QUERY_DEBIT':
        this.start(appointment, this.debit(appointment));
        return undefined;
      case 'CONTACT':
        // The loan waits for no mail server; runs whose history began before go on as they began.
        if (has(VERSIONS.contactsLeaveByDispatcher)) return this.keep(appointment);
        await collections.contactBorrower({ loanId: this.loanId, appointment, at: this.time.now() });
        return undefined;
      case 'AWAIT_OPERATOR':
      case 'AWAIT_RELEASE':
      case 'AWAIT_CHANNEL':
      case 'END':
        return undefined;
      default:
        return this.keep(appointment);
    }
  }

  private keep(appointment: Appointment): Promise<LoanOutlook> {
    return saying(database.performAppointment, titleOf(appointment), { loanId: this.loanId, appointment, at: this.time.now() });
  }

  /** Runs a child beside the loop; its result is read from Postgres by the next look ahead. */
  private start(appointment: Appointment, work: Promise<{ now: Instant }>): void {
    const child: RunningChild = { isDone: false };
    this.child = child;
    void work
      .then(
        (result) => {
          this.time.saw(result.now);
        },
        (error: unknown) => {
          if (error instanceof WorkflowExecutionAlreadyStartedError) this.knownChild = appointment;
          else log.error('a payment child ended without a result; its instruction is taken up again', { error });
        },
      )
      .finally(() => {
        child.isDone = true;
      });
  }

  /** Temporal knows the payment's workflow: it runs for an earlier run of this loan, or it ran before the database was restored. Nothing is paid; a person looks where the database does not know it. */
  private async waitForKnownChild(appointment: Appointment): Promise<void> {
    const payment = { loanId: this.loanId, instructionId: appointment.instructionId ?? '', at: this.time.now() };
    await saying(database.noteKnownPayment, `${titleOf(appointment)} has a workflow already`, payment);
    this.knownChild = undefined;
    this.performedKey = '';
    await condition(() => !this.inbox.isEmpty() || this.hasNews, KNOWN_CHILD_RETRY_MS, {
      summary: `${titleOf(appointment)} has a workflow already: look again in 5 min`,
    });
    // It is always due, so that the loop would never give way to a new run by itself.
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX) await this.startAfresh();
  }

  private payOut(appointment: Appointment) {
    const instructionId = appointment.instructionId ?? '';
    return executeChild<typeof disburseLoan>('disburseLoan', {
      workflowId: disbursementWorkflowId(instructionId, this.outlook?.restoreEpoch),
      // One that completed has paid or failed for certain: a database that wants it again has forgotten it.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${titleOf(appointment)}, loan ${this.loanId}`,
      args: [{ loanId: this.loanId, instructionId, businessDate: appointment.businessDate, now: this.time.now() }],
    });
  }

  private debit(appointment: Appointment) {
    const presentment = appointment.presentment ?? 1;
    const { query, round, resume } = appointment;
    return executeChild<typeof debitLoan>('debitLoan', {
      workflowId: debitWorkflowId(this.loanId, appointment.businessDate, presentment, {
        query,
        round,
        resume,
        epoch: this.outlook?.restoreEpoch,
      }),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${titleOf(appointment)}, loan ${this.loanId}`,
      args: [
        {
          loanId: this.loanId,
          businessDate: appointment.businessDate,
          presentment,
          plannedAt: appointment.at,
          now: this.time.now(),
          ...(query === undefined ? {} : { onlyQuery: true }),
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

  /** A run that cannot go on gives way to a new one before its history fills up. */
  private async startAfresh(): Promise<void> {
    this.inbox.release();
    if (await this.inbox.drained())
      await continueAsNew<typeof serviceLoan>({ loanId: this.loanId, now: this.time.now(), failures: this.endurance.failuresInARow });
  }
}
