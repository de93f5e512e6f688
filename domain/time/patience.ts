import { epochMs, instant, type Instant } from './dates';

/** How long after each try without an answer somebody outside is asked again, in minutes; the last one goes on. */
const ASK_AGAIN_MINUTES = [1, 5, 15, 60] as const;

/** When somebody who did not answer is asked again: after 1, 5, 15 and then every 60 minutes, for ever. */
export function askAgainAt(tries: number, lastAskedAt: Instant): Instant {
  const minutes = ASK_AGAIN_MINUTES[Math.min(Math.max(tries, 1), ASK_AGAIN_MINUTES.length) - 1] ?? 60;
  return instant(epochMs(lastAskedAt) + minutes * 60_000);
}
