import { ScheduleAlreadyRunning, type Client, type ScheduleOptions } from '@temporalio/client';
import { taskQueues } from '../domain/ids';
import { CHANNEL_NAMES } from '../channels/names';

const daily = (scheduleId: string, at: { hour: number; minute: number }, workflowType: string, argument: object): ScheduleOptions => ({
  scheduleId,
  spec: { calendars: [at], timezone: 'Asia/Shanghai' },
  policies: { overlap: 'SKIP', catchupWindow: '3 days' },
  action: { type: 'startWorkflow', workflowType, taskQueue: taskQueues.loans, args: [argument] },
});

/** Files are there by ten, due at noon; the day before closes after that. Balances are read all day. */
const SCHEDULES: readonly ScheduleOptions[] = [
  ...CHANNEL_NAMES.map((channel) => daily(`reconcile-${channel}`, { hour: 10, minute: 15 }, 'reconcileChannelDay', { channel })),
  {
    scheduleId: 'balances',
    spec: { intervals: [{ every: '5 minutes' }] },
    policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
    action: { type: 'startWorkflow', workflowType: 'watchBalances', taskQueue: taskQueues.loans, args: [{ channels: CHANNEL_NAMES }] },
  },
  daily('close-business-day', { hour: 12, minute: 30 }, 'closeBusinessDay', {}),
];

/** Daily jobs run from Temporal Schedules. One that exists is brought to the present definition. */
export async function ensureSchedules(client: Client): Promise<void> {
  for (const options of SCHEDULES) {
    try {
      await client.schedule.create(options);
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const { spec, action, policies } = options;
      await client.schedule
        .getHandle(options.scheduleId)
        .update((known) => ({ ...known, spec, action, ...(policies ? { policies } : {}) }));
    }
  }
}
