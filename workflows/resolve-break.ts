import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import { epochMs, type Instant } from '../domain/time/dates';
import { asker, database } from './activity-options';
import { BusinessTime } from './business-time';
import { businessMoment, saying } from './details';
import { Endurance, untilDone } from './entity-loop';
import { breakChanged } from './resolve-break.messages';

export interface ResolveBreakInput {
  readonly breakId: string;
  readonly now: Instant;
}

const HISTORY_EVENTS_MAX = 400;

/** Works a reconciliation break to its end: recall, questions, age, SLA. See docs/workflows/resolve-break.md. */
export async function resolveBreak(input: ResolveBreakInput): Promise<string> {
  const time = new BusinessTime(input.now);
  let [isChanged, signals] = [false, 0];
  setHandler(breakChanged, () => {
    isChanged = true;
    signals += 1;
  });
  const endurance = new Endurance(() => signals, 0, false);
  for (;;) {
    isChanged = false;
    const step = await untilDone(endurance, () =>
      saying(database.advanceBreak, 'how does the case stand?', { breakId: input.breakId, at: time.now() }),
    );
    if (step.next === 'DONE') return step.state;
    setCurrentDetails(step.summary);
    const call = { breakId: input.breakId, at: time.now() };
    if (step.next === 'WAIT') {
      if (workflowInfo().historyLength > HISTORY_EVENTS_MAX)
        await continueAsNew<typeof resolveBreak>({ breakId: input.breakId, now: time.now() });
      await condition(() => isChanged, Math.max(1_000, epochMs(step.until) - Date.now()), {
        summary: `until ${businessMoment(step.until)}: ${step.summary}`,
      });
    } else if (step.next === 'RECALL')
      await untilDone(endurance, () => saying(asker(step.channel).recallForBreak, `ask ${step.channel} to give the money back`, call));
    else await untilDone(endurance, () => saying(asker(step.channel).askForBreak, `ask ${step.channel} about the payment`, call));
  }
}
