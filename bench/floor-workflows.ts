import { proxyActivities, proxyLocalActivities, executeChild, sleep, workflowInfo } from '@temporalio/workflow';

interface EmptyActivities {
  empty(): Promise<void>;
}

const local = proxyLocalActivities<EmptyActivities>({ startToCloseTimeout: '10s' });
const remote = proxyActivities<EmptyActivities>({ taskQueue: 'floor-channel', startToCloseTimeout: '1m', heartbeatTimeout: '10s' });

const DAYS_TO_REMINDER = 27;
const DAYS_TO_DEBIT = 3;

/** The least that a loan's life can cost: its timers, local activities, children and sends, with empty bodies. */
export async function floorLoan(months: number): Promise<void> {
  await local.empty();
  await payment(`${workflowInfo().workflowId}-payout`);
  await local.empty();
  for (let month = 1; month <= months; month += 1) {
    await sleep(DAYS_TO_REMINDER * 86_400_000);
    await local.empty();
    await sleep(DAYS_TO_DEBIT * 86_400_000);
    await payment(`${workflowInfo().workflowId}-debit-${String(month)}`);
    await local.empty();
  }
  await local.empty();
}

async function payment(workflowId: string): Promise<void> {
  await executeChild(floorPayment, { workflowId });
}

export async function floorPayment(): Promise<void> {
  await local.empty();
  await remote.empty();
}
