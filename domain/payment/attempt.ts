import { OPEN_ATTEMPTS, type AttemptState } from '../states';

/**
 * The life of one attempt as a pure machine: what is known of its sends and answers decides its state, and its state
 * what is done next. Checked exhaustively beside a model bank (test/domain/payment/attempt-model.test.ts).
 */
export interface AttemptFacts {
  readonly state: AttemptState;
  /** Sends that were begun: counted before the first byte can leave. */
  readonly sends: number;
  /** Of these, sends that provably were not taken: not one byte reached the channel, or it answered "later". */
  readonly sendsRefused: number;
}

export type Asked = 'SEND' | 'QUERY' | 'CLOSE' | 'FILE';

/** What of a channel's answer the machine goes by; the port's ChannelReply has it all. */
export interface Heard {
  readonly outcome: 'SUCCEEDED' | 'FAILED_DEFINITIVE' | 'UNKNOWN' | 'RETRY_SAME';
  readonly acknowledged?: boolean;
  readonly nothingSent?: boolean;
}

export interface Recorded {
  readonly facts: AttemptFacts;
  /** The attempt has failed and no send of it was ever open: its channel may be tried again. */
  readonly nothingSent: boolean;
  /** The answer contradicts a final state: a break, never an update. */
  readonly contradiction: 'PAID_AFTER_FAILURE' | 'FAILED_AFTER_SUCCESS' | null;
}

const isOpen = (state: AttemptState) => OPEN_ATTEMPTS.includes(state);

/** Whether a send may go out: none of this attempt may have reached its channel. */
export function maySend({ state, sends, sendsRefused }: AttemptFacts): boolean {
  return state === 'SENDING' && sends === sendsRefused;
}

/** A send is begun: from here on it may have reached the channel until its answer says otherwise. */
export function sendBegun(facts: AttemptFacts): AttemptFacts {
  return { ...facts, sends: facts.sends + 1 };
}

/**
 * What an answer makes of an attempt. A refused connection proves one request, not the attempt: it has failed
 * only when every send of it was refused; a query and a file speak for the number as a whole.
 */
export function afterAnswer(facts: AttemptFacts, asked: Asked, heard: Heard): Recorded {
  const { state } = facts;
  const result = (changed: Partial<AttemptFacts>, more: Partial<Recorded> = {}): Recorded => ({
    facts: { ...facts, ...changed },
    nothingSent: false,
    contradiction: null,
    ...more,
  });
  if (!isOpen(state)) {
    if (state === 'FAILED' && heard.outcome === 'SUCCEEDED') return result({}, { contradiction: 'PAID_AFTER_FAILURE' });
    const denied = state === 'SUCCEEDED' && heard.outcome === 'FAILED_DEFINITIVE' && heard.nothingSent !== true;
    return result({}, denied ? { contradiction: 'FAILED_AFTER_SUCCESS' } : {});
  }
  switch (heard.outcome) {
    case 'SUCCEEDED':
      return result({ state: 'SUCCEEDED' });
    case 'FAILED_DEFINITIVE': {
      if (heard.nothingSent !== true) return result({ state: 'FAILED' });
      if (asked !== 'SEND') return result({});
      const sendsRefused = facts.sendsRefused + 1;
      const isUnsent = facts.sends === sendsRefused;
      return result({ sendsRefused, state: isUnsent ? 'FAILED' : 'UNKNOWN' }, { nothingSent: isUnsent });
    }
    case 'RETRY_SAME':
      return asked === 'SEND' ? result({ sendsRefused: facts.sendsRefused + 1 }) : result({ state: 'UNKNOWN' });
    case 'UNKNOWN':
      return result({ state: heard.acknowledged === true ? 'ACCEPTED' : 'UNKNOWN' });
  }
}

/** A number that the channel has not known for this long is closed there: the fence that proves failure. */
export const QUIET_PERIOD_MS = 30_000;

/** How often a channel may say "later" before its number is asked for, and closed. */
export const LATER_MAX = 20;

/** What the last answer says about when to come back. */
export interface LastAnswer {
  readonly retryAfterSeconds: number | null;
  readonly notFoundForMs: number;
}

/** How an open attempt goes on; `last` undefined after a request that was lost: what it did has to be asked. */
export function nextAct(last: LastAnswer | undefined, laters: number): 'RESEND' | 'QUERY' | 'CLOSE' {
  if (last?.retryAfterSeconds != null && laters < LATER_MAX) return 'RESEND';
  return last !== undefined && last.notFoundForMs >= QUIET_PERIOD_MS ? 'CLOSE' : 'QUERY';
}

export type InstructionAct<A> = { readonly act: 'SEND' | 'QUERY'; readonly attempt: A } | { readonly act: 'DONE' | 'STOP' | 'OPEN_NEXT' };

/**
 * What an instruction does next by its attempts: never two of them live. STOP while a failed one, of this or another
 * instruction of the loan in the same direction, is known to have paid after all: the money is on its way back, or a person decides; another channel would pay twice.
 */
export function instructionAct<A extends AttemptFacts>(attempts: readonly A[], isContradicted: boolean): InstructionAct<A> {
  if (attempts.some(({ state }) => state === 'SUCCEEDED' || state === 'RETURNED')) return { act: 'DONE' };
  const live = attempts.find(({ state }) => isOpen(state));
  if (live) return { act: live.sends === 0 && maySend(live) ? 'SEND' : 'QUERY', attempt: live };
  return { act: isContradicted ? 'STOP' : 'OPEN_NEXT' };
}
