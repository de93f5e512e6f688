import {
  CancellationScope,
  condition,
  continueAsNew,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { epochMs, type Instant } from '../domain/time/dates';
import { database, identity, identitySource, signing } from './activity-options';
import type { ApplicationStepResult } from '../activities/origination';
import { BusinessTime } from './business-time';
import { applicationDetails, businessMoment, saying } from './details';
import { Endurance } from './entity-loop';
import { Inbox, registerUpdates } from './inbox';
import { APPLICATION_UPDATE_DESCRIPTIONS, applicationUpdates, getApplicationStatus } from './originate-loan.messages';
import { searchAttributes } from './search-attributes';
import type { serviceLoan } from './service-loan';
import { workflowShapes } from '../domain/keys';
import { has, VERSIONS } from './versions';

export interface OriginateLoanInput {
  readonly applicationId: string;
  readonly now: Instant;
  /** How often in a row the run before could not go on. */
  readonly failures?: number;
}

const HISTORY_EVENTS_MAX = 400;

/**
 * From the first step of the form to a signed contract whose every waiting period is over; its last act
 * starts the loan. See docs/workflows/originate-loan.md.
 */
export async function originateLoan(input: OriginateLoanInput): Promise<string> {
  // Cancelling is a command of the borrower's, with its rules; a cancel request from outside changes nothing.
  return CancellationScope.nonCancellable(() => originate(input));
}

/** An errand outside, beside the loop, so that commands go on being taken: CANCEL does not wait for it. One at a time. */
class Errand {
  private begun: { readonly answer: Promise<unknown>; isDone: boolean } | undefined;

  constructor(private readonly isNews: () => boolean) {}

  /** Begins it, or goes on waiting for its end, until that is there or a command is. Throws what the errand failed with. */
  async turn(begin: () => Promise<unknown>): Promise<void> {
    const begun = (this.begun ??= Errand.started(begin()));
    await condition(() => this.isNews() || begun.isDone);
    if (!begun.isDone) return;
    this.begun = undefined;
    await begun.answer;
  }

  private static started(answer: Promise<unknown>) {
    const begun = { answer, isDone: false };
    const end = () => {
      begun.isDone = true;
    };
    void begun.answer.then(end, end);
    return begun;
  }
}

function askSources(applicationId: string, checks: ApplicationStepResult['checks'], at: Instant): Promise<unknown> {
  if (checks === undefined) return identity.verifyIdentity({ applicationId, at });
  return Promise.all(
    checks.map((check) => saying(identitySource(check).askIdentitySource, `is asked: ${check}`, { applicationId, check, at })),
  );
}

async function originate(input: OriginateLoanInput): Promise<string> {
  const { applicationId } = input;
  const time = new BusinessTime(input.now);
  const inbox = new Inbox();
  const endurance = new Endurance(() => inbox.received, input.failures);
  const isBeside = has(VERSIONS.identityBesideTheLoop);
  let status = 'DRAFT';
  let [shown, since] = ['', time.now()];
  const errand = new Errand(() => !inbox.isEmpty());
  registerUpdates(applicationUpdates, APPLICATION_UPDATE_DESCRIPTIONS, inbox, time);
  setHandler(getApplicationStatus, () => status, { description: 'Where the application stands' });

  const turn = async (): Promise<boolean> => {
    while (!inbox.isEmpty())
      await inbox.handleNext(
        ({ commandId }, what) => saying(database.applyApplicationCommand, `command: ${what}`, { commandId, at: time.now() }),
        ({ commandId }, code) => saying(database.refuseApplicationCommand, `command refused: ${code}`, { commandId, code }),
      );
    const step = await saying(database.advanceApplication, 'which step comes next?', { applicationId, at: time.now() });
    time.saw(step.now);
    if (step.status !== status) upsertSearchAttributes([{ key: searchAttributes.applicationStatus, value: step.status }]);
    ({ status } = step);
    if (step.summary !== shown) since = time.now();
    shown = step.summary;
    setCurrentDetails(applicationDetails(applicationId, step, since));
    switch (step.next) {
      case 'VERIFY_IDENTITY':
        if (isBeside) await errand.turn(() => askSources(applicationId, step.checks, time.now()));
        else await saying(identity.verifyIdentity, 'is the borrower who they say?', { applicationId, at: time.now() });
        return false;
      case 'SEAL_CONTRACT':
        await errand.turn(() => saying(signing.sealContract, 'the contract is sealed', { applicationId, at: time.now() }));
        return false;
      case 'WAIT':
        if (workflowInfo().historyLength > HISTORY_EVENTS_MAX && (await inbox.drained()))
          await continueAsNew<typeof originateLoan>({ applicationId, now: time.now() });
        if (step.at === null) await condition(() => !inbox.isEmpty());
        else
          await condition(() => !inbox.isEmpty(), Math.max(1, epochMs(step.at) - Date.now()), {
            summary: `until ${businessMoment(step.at)}: ${step.summary}`,
          });
        return false;
      case 'OPEN_LOAN':
        if (!(await inbox.drained())) return false;
        await openLoan(applicationId, time.now());
        return true;
      case 'END':
        return inbox.drained();
    }
  };

  for (;;) {
    try {
      if (await turn()) return status;
      endurance.recovered();
    } catch (error) {
      await endurance.wait(error);
      if (!endurance.isLong) continue;
      inbox.release();
      if (await inbox.drained())
        await continueAsNew<typeof originateLoan>({ applicationId, now: time.now(), failures: endurance.failuresInARow });
    }
  }
}

/** The loan inherits this workflow's clock and outlives it. */
async function openLoan(applicationId: string, now: Instant): Promise<void> {
  const started = startChild<typeof serviceLoan>('serviceLoan', {
    workflowId: workflowShapes.loan(applicationId),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    parentClosePolicy: ParentClosePolicy.ABANDON,
    staticSummary: `loan ${applicationId}`,
    typedSearchAttributes: [
      { key: searchAttributes.loanStatus, value: 'APPROVED' },
      { key: searchAttributes.delinquencyBucket, value: 'CURRENT' },
      { key: searchAttributes.needsAttention, value: false },
    ],
    args: [{ loanId: applicationId, now }],
  });
  await started.catch((error: unknown) => {
    // Restarted from its records meanwhile: the loan has its workflow, and that is all that is wanted.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  });
}
