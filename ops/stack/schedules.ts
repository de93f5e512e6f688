import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import { taskQueues } from '../../domain/ids';

/** Daily jobs run from Temporal Schedules. Creating them again changes nothing. */
export async function ensureSchedules(client: Client): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: 'close-business-day',
      spec: { calendars: [{ hour: 0, minute: 30 }], timezone: 'Asia/Shanghai' },
      policies: { overlap: 'SKIP', catchupWindow: '3 days' },
      action: { type: 'startWorkflow', workflowType: 'closeBusinessDay', taskQueue: taskQueues.loans, args: [{}] },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
