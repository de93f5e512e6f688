import { activityInfo, Context } from '@temporalio/activity';

/** Heartbeats every second while `work` runs, so that a dead worker is seen within the heartbeat timeout. */
export async function whileHeartbeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => {
    context.heartbeat(activityInfo().attempt);
  }, 1_000);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(beat);
  }
}
