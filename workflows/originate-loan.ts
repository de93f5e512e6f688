import {
  CancellationScope,
  condition,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ApplicationStepResult } from '../activities/origination';
import { epochMs, type Instant } from '../domain/dates';
import { workflowIds } from '../domain/ids';
import { database, identity } from './activity-options';
import { BusinessTime } from './business-time';
import { Inbox, validateCommand } from './inbox';
import { APPLICATION_UPDATE_DESCRIPTIONS, applicationUpdates, getApplicationStatus } from './originate-loan.messages';
import { searchAttributes } from './search-attributes';
import type { serviceLoan } from './service-loan';

export interface OriginateLoanInput {
  readonly applicationId: string;
  readonly now: Instant;
}

/**
 * From the first step of the form to a signed contract whose every waiting period is over; its last act
 * starts the loan. See docs/workflows/originate-loan.md.
 */
export async function originateLoan(input: OriginateLoanInput): Promise<string> {
  // Cancelling is a command of the borrower's, with its rules; a cancel request from outside changes nothing.
  return CancellationScope.nonCancellable(() => originate(input));
}

async function originate(input: OriginateLoanInput): Promise<string> {
  const { applicationId } = input;
  const time = new BusinessTime(input.now);
  const inbox = new Inbox();
  let status = 'DRAFT';
  for (const operation of Object.keys(applicationUpdates) as (keyof typeof applicationUpdates)[]) {
    setHandler(
      applicationUpdates[operation],
      async (message) => {
        time.saw(message.at);
        return inbox.submit(message);
      },
      { validator: validateCommand, description: APPLICATION_UPDATE_DESCRIPTIONS[operation] },
    );
  }
  setHandler(getApplicationStatus, () => status, { description: 'Where the application stands' });

  for (;;) {
    while (!inbox.isEmpty())
      await inbox.handleNext((message) => database.applyApplicationCommand({ commandId: message.commandId, at: time.now() }));
    const step = await database.advanceApplication({ applicationId, at: time.now() });
    if (step.status !== status) upsertSearchAttributes([{ key: searchAttributes.applicationStatus, value: step.status }]);
    ({ status } = step);
    show(step, time.now());
    switch (step.next) {
      case 'VERIFY_IDENTITY':
        await identity.verifyIdentity({ applicationId, at: time.now() });
        break;
      case 'WAIT':
        if (step.at === null) await condition(() => !inbox.isEmpty());
        else await condition(() => !inbox.isEmpty(), Math.max(1, epochMs(step.at) - Date.now()));
        break;
      case 'OPEN_LOAN':
        if (!(await inbox.drained())) break;
        await openLoan(applicationId, time.now());
        return status;
      case 'END':
        if (await inbox.drained()) return status;
        break;
    }
  }
}

/** The loan inherits this workflow's clock and outlives it. */
async function openLoan(applicationId: string, now: Instant): Promise<void> {
  await startChild<typeof serviceLoan>('serviceLoan', {
    workflowId: workflowIds.loan(applicationId),
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
}

function show(step: ApplicationStepResult, now: Instant): void {
  setCurrentDetails(
    [
      '| | |',
      '|---|---|',
      `| Status | **${step.status}** |`,
      `| Waiting for | ${step.summary} |`,
      `| Until | ${step.at ?? 'no deadline'} |`,
      `| Since | ${now} |`,
    ].join('\n'),
  );
}
